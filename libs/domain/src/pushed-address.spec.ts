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
    ['the number of inserted rows equals the number of new addresses', { inserted: 2, updated: 1, fresh: 2, known: 1 }, 'ours'],
    ['one of the new addresses is preexisting', { inserted: 1, updated: 2, fresh: 2, known: 1 }, 'uncertain'],
    [
      'one of the known ones was gone, one of the new addresses is preexisting',
      { inserted: 2, updated: 0, fresh: 2, known: 1 },
      'uncertain',
    ],
    ['no new address', { inserted: 0, updated: 3, fresh: 0, known: 3 }, 'ours'],
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
      'a new address that may be preexisting',
      pushedByPut(record(), put, { ...accepted, originOfFresh: 'uncertain' }),
      { origin: 'uncertain' },
    ],
    ['a preexisting address', pushedByPut(record({ origin: 'preexisting' }), put, accepted), { origin: 'preexisting' }],
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
  ])('%s', (_name, pushed, expected) => {
    expect(pushed).toMatchObject(expected);
  });
});

describe('the list that only the service put an address on', () => {
  const put = { hash: 'h', isNew: false };
  const response = { rejectedCode: undefined, originOfFresh: 'ours', listId: LIST } as const;

  it.each<[string, Partial<AddressRecord & { isSeenOnList: boolean }>, { leaves: number | undefined; owns: number | null }]>([
    ['an address that is new to the list', {}, { leaves: undefined, owns: LIST }],
    ['an address that is preexisting on the list', { isSeenOnList: true }, { leaves: undefined, owns: null }],
    ['an address of ours that an export showed since', { ownListId: LIST, isSeenOnList: true }, { leaves: undefined, owns: LIST }],
    ['an address of ours on another list', { ownListId: 4 }, { leaves: 4, owns: LIST }],
    ['an address of ours on another list that is preexisting on this one', { ownListId: 4, isSeenOnList: true }, { leaves: 4, owns: null }],
  ])('%s', (_name, over, { leaves, owns }) => {
    expect(listToLeave(record(over), LIST)).toBe(leaves);
    expect(pushedByPut(record(over), put, response).ownListId).toBe(owns);
  });

  it('does not change when the row is refused', () => {
    expect(pushedByPut(record({ ownListId: 4 }), put, { ...response, rejectedCode: 'e_syntax' }).ownListId).toBe(4);
  });
});

describe('pushedByExclude', () => {
  it('keeps the origin of the address', () => {
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
    ['an address that Unisender does not have', 'present', undefined, absent],
    ['an address that was never on our list', 'absent', { isOnOurList: false, addedAtMs: SENT }, absent],
    ['an address that was pushed and taken off the list by hand', 'present', { isOnOurList: false, addedAtMs: SENT }, ours],
    ['an address that came with our call', 'absent', { isOnOurList: true, addedAtMs: SENT }, ours],
    ['an address that came in the second before our call', 'absent', { isOnOurList: true, addedAtMs: SENT - 1_000 }, ours],
    ['an address that is preexisting', 'absent', { isOnOurList: true, addedAtMs: SENT - 1_001 }, { ...ours, origin: 'preexisting' }],
    ['an address of unknown age', 'absent', { isOnOurList: true, addedAtMs: undefined }, ours],
  ])('%s', (_name, state, found, expected) => {
    expect(pushedByInspection({ email: 'a@b.co', state, ownListId: LIST, firstSentAt: SENT }, found)).toMatchObject(expected);
  });
});
