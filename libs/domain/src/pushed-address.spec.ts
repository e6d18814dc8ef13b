import { describe, expect, it } from '@jest/globals';
import { OUTCOME_UNKNOWN } from './address-action.js';
import {
  type PushBase,
  type PushedAddress,
  formerListsOf,
  isCreatedByOthers,
  isInDoubtAtRemoval,
  possiblyPut,
  pushedByDelete,
  pushedByExclude,
  pushedByPut,
  pushedByRefusal,
} from './pushed-address.js';

const LIST = 5;
const NOW = 100_000;
const DAY = 86_400_000;

const record = (over: Partial<PushBase & { isSeenOnList: boolean }> = {}): PushBase & { isSeenOnList: boolean } => ({
  email: 'a@b.co',
  origin: 'unknown',
  state: 'absent',
  pushedHash: OUTCOME_UNKNOWN,
  ownListId: null,
  firstSentAt: NOW,
  verifyAt: null,
  lateListIds: null,
  writtenFields: null,
  isSeenOnList: false,
  ...over,
});
const result = { originOfFirst: 'ours', listId: LIST, writtenFields: ['Name'] } as const;
const put = { hash: 'h' };

describe('pushedByPut', () => {
  it.each<[string, PushedAddress, Partial<PushedAddress>]>([
    [
      'a new address',
      pushedByPut(record(), put, result),
      { state: 'present', origin: 'ours', pushedHash: 'h', park: null, writtenFields: ['Name'] },
    ],
    [
      'a new address that may be preexisting',
      pushedByPut(record(), put, { ...result, originOfFirst: 'uncertain' }),
      { origin: 'uncertain' },
    ],
    ['a preexisting address', pushedByPut(record({ origin: 'preexisting' }), put, result), { origin: 'preexisting' }],
    ['R72: an address whose earlier call may still land', pushedByPut(record({ verifyAt: NOW + 1 }), put, result), { verifyAt: NOW + 1 }],
  ])('%s', (_name, pushed, expected) => {
    expect(pushed).toMatchObject(expected);
  });
});

describe('possiblyPut', () => {
  it('remembers that the service may have put the address on the list', () => {
    const open = { listId: LIST, mayBeOnList: true };
    expect(possiblyPut(record({ lateListIds: [4] }), open)).toMatchObject({ state: 'present', lateListIds: [4, LIST] });
    expect(possiblyPut(record({ ownListId: LIST, isSeenOnList: true }), open)).toMatchObject({ lateListIds: [LIST] });
    expect(possiblyPut(record(), { listId: LIST, mayBeOnList: false })).toMatchObject({ state: 'absent', lateListIds: [LIST] });
  });

  it('changes nothing when the address was on the list before', () => {
    expect(possiblyPut(record({ isSeenOnList: true }), { listId: LIST, mayBeOnList: true })).toMatchObject({
      state: 'absent',
      lateListIds: null,
    });
  });
});

describe('the list that only the service put an address on', () => {
  it.each<[string, Partial<PushBase & { isSeenOnList: boolean }>, { leaves: number[]; owns: number | null }]>([
    ['an address that is new to the list', {}, { leaves: [], owns: LIST }],
    ['an address that is preexisting on the list', { isSeenOnList: true }, { leaves: [], owns: null }],
    ['an address of ours that an export showed since', { ownListId: LIST, isSeenOnList: true }, { leaves: [], owns: LIST }],
    ['an address of ours on another list', { ownListId: 4 }, { leaves: [4], owns: LIST }],
    ['an address that a late call put on another list', { ownListId: LIST, lateListIds: [4] }, { leaves: [4], owns: LIST }],
    ['an address that late calls put on other lists', { ownListId: 4, lateListIds: [4, 3, LIST] }, { leaves: [4, 3], owns: LIST }],
    ['an address that a late call of ours put on the list', { isSeenOnList: true, lateListIds: [LIST] }, { leaves: [], owns: LIST }],
    [
      'an address of ours on another list that is preexisting on this one',
      { ownListId: 4, isSeenOnList: true },
      { leaves: [4], owns: null },
    ],
  ])('%s', (_name, over, { leaves, owns }) => {
    expect(formerListsOf(record(over), LIST)).toEqual(leaves);
    expect(pushedByPut(record(over), put, result).ownListId).toBe(owns);
  });
});

describe('R60: an address that was deleted in Unisender was created by others', () => {
  const MINUTE = 60_000;

  it.each([
    ['when Unisender got it after the last look', { addedAt: NOW, firstSentAt: NOW }, NOW + 1_000, true],
    ['unless the last look showed the same time', { addedAt: NOW, firstSentAt: NOW }, NOW, false],
    ['when Unisender got it long after our first put', { addedAt: null, firstSentAt: NOW }, NOW + 31 * MINUTE, true],
    ['unless our first put may have created it', { addedAt: null, firstSentAt: NOW }, NOW + 20 * MINUTE, false],
    ['unless Unisender does not say when it got it', { addedAt: NOW, firstSentAt: NOW }, undefined, false],
    ['unless nothing is known of it', { addedAt: null, firstSentAt: null }, NOW, false],
  ])('%s', (_when, record, shown, expected) => {
    expect(isCreatedByOthers(record, shown)).toBe(expected);
  });
});

describe('R60: the creator of an address that is to be removed is in doubt', () => {
  it.each([
    ['when Unisender does not say when it got it, after a call without a response', NOW, undefined, true],
    ['unless every call had a response', null, undefined, false],
    ['unless Unisender got it at the time of the last look', NOW, NOW, false],
  ])('%s', (_when, verifyAt, shown, expected) => {
    expect(isInDoubtAtRemoval({ addedAt: NOW, firstSentAt: NOW, verifyAt }, shown)).toBe(expected);
  });
});

describe('removed addresses', () => {
  it('keep their origin while Unisender has them', () => {
    const ours = record({ state: 'present', origin: 'ours', ownListId: LIST, writtenFields: ['Name'] });
    expect(pushedByExclude(ours)).toMatchObject({ state: 'absent', origin: 'ours', pushedHash: null, ownListId: null, firstSentAt: NOW });
    expect(pushedByDelete(ours)).toMatchObject({ state: 'absent', origin: 'unknown', firstSentAt: null, writtenFields: null });
  });
});

describe('R70: pushedByRefusal', () => {
  const before = { ...record({ state: 'present', pushedHash: 'old' }), parkAttempts: 0, parkedAt: null };
  const refused = { step: 'put', code: 'unspecified', cause: 'x'.repeat(300), hash: 'h' } as const;

  it('parks the address with the reason and keeps what Unisender has', () => {
    expect(pushedByRefusal(before, refused, NOW)).toMatchObject({
      state: 'present',
      pushedHash: 'h',
      park: { parkStep: 'put', parkCode: 'unspecified', parkCause: 'x'.repeat(255), parkAttempts: 1, parkedAt: NOW, retryAt: NOW + DAY },
    });
  });

  it('waits longer after each refusal, and for ever after a final one', () => {
    const again = pushedByRefusal({ ...before, parkAttempts: 1, parkedAt: NOW }, refused, NOW + DAY);
    expect(again.park).toMatchObject({ parkAttempts: 2, parkedAt: NOW, retryAt: NOW + 3 * DAY });
    expect(pushedByRefusal(before, { ...refused, code: 'e_address__e_syntax' }, NOW).park?.retryAt).toBeNull();
    expect(pushedByRefusal(before, { ...refused, step: 'look', code: 'e_address__e_syntax' }, NOW).park?.retryAt).toBe(NOW + DAY);
  });
});
