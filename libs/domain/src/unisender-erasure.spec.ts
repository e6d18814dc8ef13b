import { describe, expect, it } from '@jest/globals';
import { type ErasureAction, decideErasure } from './unisender-erasure.js';

const ours = { state: 'present', origin: 'ours', consent: 'mailable' } as const;

describe('the erasure of an address', () => {
  it.each<[string, Parameters<typeof decideErasure>[0], boolean, ErasureAction]>([
    ['deletes an address that this service added', ours, true, 'delete'],
    ['leaves it when the account may not be used', ours, false, 'leave'],
    ['leaves a preexisting address', { ...ours, origin: 'preexisting' }, true, 'leave'],
    ['leaves an address of uncertain origin', { ...ours, origin: 'uncertain' }, true, 'leave'],
    ['leaves an address of unknown origin', { ...ours, origin: 'unknown' }, true, 'leave'],
    ['leaves an unsubscribed address', { ...ours, consent: 'unsubscribed' }, true, 'leave'],
    ['leaves a blocked address', { ...ours, consent: 'blocked' }, true, 'leave'],
    ['does nothing with an absent address', { ...ours, state: 'absent' }, true, 'none'],
    ['does nothing with a parked address that Unisender does not have', { ...ours, origin: 'unknown', state: 'absent' }, true, 'none'],
    ['does nothing with an absent address of an account that may not be used', { ...ours, state: 'absent' }, false, 'none'],
  ])('%s', (_, record, isUsable, action) => {
    expect(decideErasure(record, isUsable)).toBe(action);
  });
});
