import { describe, expect, it } from '@jest/globals';
import { OUTCOME_UNKNOWN } from './address-action.js';
import { type ErasureAction, decideErasure } from './unisender-erasure.js';

const settled = { pushedHash: 'hash', verifyAt: null, lateListIds: null } as const;
const ours = { ...settled, state: 'present', origin: 'ours', consent: 'mailable' } as const;
const open = { ...ours, state: 'absent', origin: 'unknown', pushedHash: OUTCOME_UNKNOWN, verifyAt: 5, lateListIds: [5] } as const;

describe('the erasure of an address', () => {
  it.each<[string, Parameters<typeof decideErasure>[0], boolean, ErasureAction]>([
    ['removes an address that this service added', ours, true, 'remove'],
    ['leaves it when the account may not be used', ours, false, 'leave'],
    ['leaves a preexisting address', { ...ours, origin: 'preexisting' }, true, 'leave'],
    ['removes an address of uncertain origin', { ...ours, origin: 'uncertain' }, true, 'remove'],
    ['removes an address of unknown origin', { ...ours, origin: 'unknown' }, true, 'remove'],
    ['removes an address whose first put had no response', open, true, 'remove'],
    ['removes a preexisting address that such a put may have put on the list', { ...open, origin: 'preexisting' }, true, 'remove'],
    ['leaves an address whose first put had no response when the account may not be used', open, false, 'leave'],
    ['leaves an unsubscribed address', { ...ours, consent: 'unsubscribed' }, true, 'leave'],
    ['leaves a blocked address', { ...ours, consent: 'blocked' }, true, 'leave'],
    ['does nothing with an absent address', { ...ours, state: 'absent' }, true, 'none'],
    ['does nothing with a parked address that Unisender does not have', { ...ours, origin: 'unknown', state: 'absent' }, true, 'none'],
    ['does nothing with an absent address of an account that may not be used', { ...ours, state: 'absent' }, false, 'none'],
  ])('%s', (_, record, isUsable, action) => {
    expect(decideErasure(record, isUsable)).toBe(action);
  });
});
