import type { AddressRecord } from './address-action.js';

/** What an erasure of personal data does with an address in Unisender. */
export type ErasureAction =
  /** Delete it from the Unisender account. */
  | 'delete'
  /** Leave it there: it is preexisting or of unknown origin, its owner unsubscribed, or the account may not be used. */
  | 'leave'
  /** Unisender does not have it. */
  | 'none';

/** Decides what an erasure does with an address in Unisender. `isUsable`: whether the account may push to Unisender now. */
export function decideErasure(
  { state, origin, consent }: Pick<AddressRecord, 'state' | 'origin' | 'consent'>,
  isUsable: boolean,
): ErasureAction {
  if (state !== 'present') return 'none';
  return origin === 'ours' && consent === 'mailable' && isUsable ? 'delete' : 'leave';
}
