import { describe, expect, it } from '@jest/globals';
import { type AddressRecord, UNANSWERED } from './address-action.js';
import {
  type FoundAddress,
  type PutCounts,
  type ToldAddress,
  originOfFresh,
  toldByExclude,
  toldByInspection,
  toldByPut,
} from './told-address.js';

const record = (over: Partial<AddressRecord> = {}): AddressRecord => ({
  email: 'a@b.co',
  origin: 'unknown',
  state: 'absent',
  toldHash: UNANSWERED,
  subscription: 'mailable',
  ...over,
});

describe('originOfFresh', () => {
  it.each<[string, PutCounts, 'ours' | 'uncertain']>([
    ['as many met for the first time as are new to us', { inserted: 2, updated: 1, fresh: 2, known: 1 }, 'ours'],
    ['one of the new ones stood there', { inserted: 1, updated: 2, fresh: 2, known: 1 }, 'uncertain'],
    ['one of the known ones was gone, one of the new ones stood there', { inserted: 2, updated: 0, fresh: 2, known: 1 }, 'uncertain'],
    ['nothing new', { inserted: 0, updated: 3, fresh: 0, known: 3 }, 'ours'],
  ])('%s', (_name, counts, origin) => {
    expect(originOfFresh(counts)).toBe(origin);
  });
});

describe('toldByPut', () => {
  const put = { hash: 'h', isNew: true };
  const accepted = { rejectedCode: undefined, originOfFresh: 'ours' } as const;
  const refused = { rejectedCode: 'e_syntax', originOfFresh: 'ours' } as const;

  it.each<[string, ToldAddress, Partial<ToldAddress>]>([
    ['a new address', toldByPut(record(), put, accepted), { state: 'present', origin: 'ours', toldHash: 'h', rejectedCode: null }],
    [
      'a new address that may have stood there',
      toldByPut(record(), put, { ...accepted, originOfFresh: 'uncertain' }),
      { origin: 'uncertain' },
    ],
    ['an address that stood there before', toldByPut(record({ origin: 'preexisting' }), put, accepted), { origin: 'preexisting' }],
    [
      'a refused new address',
      toldByPut(record(), put, refused),
      { state: 'rejected', origin: 'unknown', toldHash: null, rejectedCode: 'e_syntax' },
    ],
    [
      'a refused change',
      toldByPut(record({ state: 'present', origin: 'ours' }), { hash: 'h', isNew: false }, refused),
      { state: 'present', origin: 'ours', toldHash: 'h', rejectedCode: 'e_syntax' },
    ],
  ])('%s', (_name, told, expected) => {
    expect(told).toMatchObject(expected);
  });
});

describe('toldByExclude', () => {
  it('remembers where the address came from', () => {
    expect(toldByExclude({ email: 'a@b.co', origin: 'preexisting' })).toEqual({
      email: 'a@b.co',
      state: 'absent',
      origin: 'preexisting',
      toldHash: null,
      rejectedCode: null,
    });
  });
});

describe('toldByInspection', () => {
  const SENT = 100_000;
  const absent = { state: 'absent', origin: 'unknown', toldHash: null } as const;
  const ours = { state: 'present', origin: 'ours', toldHash: UNANSWERED } as const;

  it.each<[string, AddressRecord['state'], FoundAddress | undefined, Partial<ToldAddress>]>([
    ['one that Unisender does not have', 'present', undefined, absent],
    ['one that never came to our list', 'absent', { isOnOurList: false, addedAtMs: SENT }, absent],
    ['one that was told and taken off the list by hand', 'present', { isOnOurList: false, addedAtMs: SENT }, ours],
    ['one that came with our call', 'absent', { isOnOurList: true, addedAtMs: SENT }, ours],
    ['one that came in the second before our call', 'absent', { isOnOurList: true, addedAtMs: SENT - 1_000 }, ours],
    ['one that stood there before', 'absent', { isOnOurList: true, addedAtMs: SENT - 1_001 }, { ...ours, origin: 'preexisting' }],
    ['one of unknown age', 'absent', { isOnOurList: true, addedAtMs: undefined }, ours],
  ])('%s', (_name, state, found, expected) => {
    expect(toldByInspection({ email: 'a@b.co', state, firstSentAt: SENT }, found)).toMatchObject(expected);
  });
});
