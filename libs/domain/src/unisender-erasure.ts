import { type ActionRecord, mayBeInUnisender } from './address-action.js';
import type { PushedAddress } from './pushed-address.js';

/** What an erasure of personal data does with an address in Unisender. */
export type ErasureAction =
  /** Remove it like an address that no contact holds: one that the service created is deleted, others are taken off our list. */
  | 'remove'
  /** Leave it there: it is preexisting, its owner unsubscribed, or the account may not be used. */
  | 'leave'
  /** Neither we nor a call without a response put it there. */
  | 'none';

/** An address as {@link decideErasure} needs it. */
export type ErasureRecord = Pick<ActionRecord, 'state' | 'origin' | 'consent' | 'pushedHash' | 'verifyAt'> &
  Pick<PushedAddress, 'lateListIds'>;

/**
 * Decides what an erasure does with an address in Unisender. `isUsable`: whether the account may push to Unisender now. A preexisting
 * address is removed only from lists on which a call without a response may have put it.
 */
export function decideErasure(record: ErasureRecord, isUsable: boolean): ErasureAction {
  if (!mayBeInUnisender(record)) return 'none';
  if (record.consent !== 'mailable' || !isUsable) return 'leave';
  return record.origin === 'preexisting' && record.lateListIds === null ? 'leave' : 'remove';
}
