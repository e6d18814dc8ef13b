import type { DirtyCause } from './address-action.js';

/** Removals of one decision, against the addresses that the account keeps in Unisender. */
export interface PlannedRemovals {
  readonly removals: number;
  /** Addresses on the list before the first removal, those to remove too. */
  readonly present: number;
  readonly limitPercent: number;
}

/** So many removals never need a confirmation, unless nothing would be left. */
export const FREE_REMOVALS = 10;

/**
 * Whether the removals wait for a confirmation: more than 10 and more than the limit, or every address. That many are more likely a
 * wrong setting, a wrong response or missing rights than a clean-up.
 */
export function needsConfirmation({ removals, present, limitPercent }: PlannedRemovals): boolean {
  if (removals === 0) return false;
  return removals >= present || (removals > FREE_REMOVALS && removals * 100 > present * limitPercent);
}

/** Whether removals of this cause are not counted: Kommo's webhook or the operator asked for the very change. */
export const isUncountedCause = (cause: DirtyCause | null): boolean => cause === 'event' || cause === 'operator';
