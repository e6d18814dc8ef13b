import { describe, expect, it } from '@jest/globals';
import { type AddressRecord, OUTCOME_UNKNOWN } from './address-action.js';
import {
  type FoundAddress,
  type PutCounts,
  type PushedAddress,
  listToLeave,
  originOfFresh,
  pushedByExclude,
  pushedByInspection,
  pushedByPut,
} from './pushed-address.js';

const LIST = 5;

const record = (over: Partial<AddressRecord & { isSeenOnList: boolean }> = {}): AddressRecord & { isSeenOnList: boolean } => ({
  email: 'a@b.co',
  origin: 'unknown',
  state: 'absent',
  pushedHash: OUTCOME_UNKNOWN,
  consent: 'mailable',
  ownListId: null,
  isSeenOnList: false,
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

describe('pushedByPut', () => {
  const put = { hash: 'h', isNew: true };
  const accepted = { rejectedCode: undefined, originOfFresh: 'ours', listId: LIST } as const;
  const refused = { rejectedCode: 'e_syntax', originOfFresh: 'ours', listId: LIST } as const;

  it.each<[string, PushedAddress, Partial<PushedAddress>]>([
    ['a new address', pushedByPut(record(), put, accepted), { state: 'present', origin: 'ours', pushedHash: 'h', rejectedCode: null }],
    [
      'a new address that may have stood there',
      pushedByPut(record(), put, { ...accepted, originOfFresh: 'uncertain' }),
      { origin: 'uncertain' },
    ],
    ['an address that stood there before', pushedByPut(record({ origin: 'preexisting' }), put, accepted), { origin: 'preexisting' }],
    [
      'a refused new address',
      pushedByPut(record(), put, refused),
      { state: 'rejected', origin: 'unknown', pushedHash: null, rejectedCode: 'e_syntax' },
    ],
    [
      'a refused change',
      pushedByPut(record({ state: 'present', origin: 'ours' }), { hash: 'h', isNew: false }, refused),
      { state: 'present', origin: 'ours', pushedHash: 'h', rejectedCode: 'e_syntax' },
    ],
  ])('%s', (_name, told, expected) => {
    expect(told).toMatchObject(expected);
  });
});

describe('the list on which only we put an address', () => {
  const put = { hash: 'h', isNew: false };
  const answer = { rejectedCode: undefined, originOfFresh: 'ours', listId: LIST } as const;

  it.each<[string, Partial<AddressRecord & { isSeenOnList: boolean }>, { leaves: number | undefined; owns: number | null }]>([
    ['one that is new to the list', {}, { leaves: undefined, owns: LIST }],
    ['one that stood there before us', { isSeenOnList: true }, { leaves: undefined, owns: null }],
    ['one that we put there and an export showed since', { ownListId: LIST, isSeenOnList: true }, { leaves: undefined, owns: LIST }],
    ['one that we put on another list', { ownListId: 4 }, { leaves: 4, owns: LIST }],
    ['one that we put on another list and that stood here before us', { ownListId: 4, isSeenOnList: true }, { leaves: 4, owns: null }],
  ])('%s', (_name, over, { leaves, owns }) => {
    expect(listToLeave(record(over), LIST)).toBe(leaves);
    expect(pushedByPut(record(over), put, answer).ownListId).toBe(owns);
  });

  it('stays what it was when the row is refused', () => {
    expect(pushedByPut(record({ ownListId: 4 }), put, { ...answer, rejectedCode: 'e_syntax' }).ownListId).toBe(4);
  });
});

describe('pushedByExclude', () => {
  it('remembers where the address came from', () => {
    expect(pushedByExclude({ email: 'a@b.co', origin: 'preexisting' })).toEqual({
      email: 'a@b.co',
      state: 'absent',
      origin: 'preexisting',
      pushedHash: null,
      rejectedCode: null,
      ownListId: null,
    });
  });
});

describe('pushedByInspection', () => {
  const SENT = 100_000;
  const absent = { state: 'absent', origin: 'unknown', pushedHash: null } as const;
  const ours = { state: 'present', origin: 'ours', pushedHash: OUTCOME_UNKNOWN } as const;

  it.each<[string, AddressRecord['state'], FoundAddress | undefined, Partial<PushedAddress>]>([
    ['one that Unisender does not have', 'present', undefined, absent],
    ['one that never came to our list', 'absent', { isOnOurList: false, addedAtMs: SENT }, absent],
    ['one that was told and taken off the list by hand', 'present', { isOnOurList: false, addedAtMs: SENT }, ours],
    ['one that came with our call', 'absent', { isOnOurList: true, addedAtMs: SENT }, ours],
    ['one that came in the second before our call', 'absent', { isOnOurList: true, addedAtMs: SENT - 1_000 }, ours],
    ['one that stood there before', 'absent', { isOnOurList: true, addedAtMs: SENT - 1_001 }, { ...ours, origin: 'preexisting' }],
    ['one of unknown age', 'absent', { isOnOurList: true, addedAtMs: undefined }, ours],
  ])('%s', (_name, state, found, expected) => {
    expect(pushedByInspection({ email: 'a@b.co', state, ownListId: LIST, firstSentAt: SENT }, found)).toMatchObject(expected);
  });
});
