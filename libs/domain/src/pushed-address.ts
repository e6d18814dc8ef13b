import { type AddressAction, type AddressOrigin, type AddressRecord, type AddressState, OUTCOME_UNKNOWN } from './address-action.js';

/** The state of one address after a call to Unisender. */
export interface PushedAddress {
  readonly email: string;
  readonly state: AddressState;
  readonly origin: AddressOrigin;
  readonly pushedHash: string | null;
  readonly rejectedCode: string | null;
  readonly ownListId: number | null;
}

/** The counts of a call that put addresses. */
export interface PutCounts {
  /** Addresses that Unisender did not have before, by its response. */
  readonly inserted: number;
  /** Addresses that Unisender had already, by its response. */
  readonly updated: number;
  /** Accepted rows of addresses that were pushed for the first time. */
  readonly fresh: number;
  /** Accepted rows of all other addresses. */
  readonly known: number;
}

/** Unisender's time of adding an address is in whole seconds. */
const ADDED_AT_RESOLUTION_MS = 1_000;

/**
 * Returns the origin of addresses that were pushed for the first time. Unisender's response has only the number of rows that were new
 * to it. When it equals the number of those addresses, they are ours. Else some are preexisting, and Unisender is asked about an
 * address before it is removed.
 */
export const originOfFresh = ({ inserted, updated, fresh, known }: PutCounts): 'ours' | 'uncertain' =>
  inserted === fresh && updated === known ? 'ours' : 'uncertain';

/**
 * Returns the list that an address must leave when it is put on `listId`: another list that only the service put it on. The address
 * stays on a list where it is preexisting.
 */
export const listToLeave = ({ ownListId }: Pick<AddressRecord, 'ownListId'>, listId: number): number | undefined =>
  ownListId === null || ownListId === listId ? undefined : ownListId;

/** The result of a put. */
export interface PutResult {
  /** Unisender's own code when it refused the row; not a code of the error registry. */
  readonly rejectedCode: string | undefined;
  /** The origin of an address that was pushed for the first time. */
  readonly originOfFresh: 'ours' | 'uncertain';
  readonly listId: number;
}

/** Returns an address after a put. `isSeenOnList`: an export showed it on the list before. */
export function pushedByPut(
  { email, origin, ownListId, isSeenOnList }: AddressRecord & { readonly isSeenOnList: boolean },
  { hash, isNew }: Pick<Extract<AddressAction, { kind: 'put' }>, 'hash' | 'isNew'>,
  { rejectedCode, originOfFresh, listId }: PutResult,
): PushedAddress {
  if (rejectedCode === undefined) {
    return {
      email,
      state: 'present',
      origin: origin === 'unknown' ? originOfFresh : origin,
      pushedHash: hash,
      rejectedCode: null,
      ownListId: isSeenOnList && ownListId !== listId ? null : listId,
    };
  }
  // A refused first row leaves nothing in Unisender; a refused change leaves the address as it was pushed before.
  return isNew
    ? { email, state: 'rejected', origin, pushedHash: null, rejectedCode, ownListId }
    : { email, state: 'present', origin, pushedHash: hash, rejectedCode, ownListId };
}

/** Returns an address after it was deleted from Unisender. */
export const pushedByDelete = ({ email }: Pick<AddressRecord, 'email'>): PushedAddress => ({
  email,
  state: 'absent',
  origin: 'unknown',
  pushedHash: null,
  rejectedCode: null,
  ownListId: null,
});

/** Returns an address after it was taken off our list; it stays in Unisender. */
export const pushedByExclude = ({ email, origin }: Pick<AddressRecord, 'email' | 'origin'>): PushedAddress => ({
  ...pushedByDelete({ email }),
  origin,
});

/** An address that Unisender has. */
export interface FoundAddress {
  readonly isOnOurList: boolean;
  /** When Unisender added it, epoch ms; undefined when unknown. */
  readonly addedAtMs: number | undefined;
}

/**
 * Returns an address whose response was lost, after Unisender was asked about it (`found`). An address that is not on our list and
 * was never present counts as absent. An address that Unisender added before the first push is preexisting.
 */
export function pushedByInspection(
  { email, state, firstSentAt, ownListId }: Pick<AddressRecord, 'email' | 'state' | 'ownListId'> & { readonly firstSentAt: number | null },
  found: FoundAddress | undefined,
): PushedAddress {
  if (!found || (state !== 'present' && !found.isOnOurList)) return pushedByDelete({ email });
  const addedAtMs = found.addedAtMs ?? Number.POSITIVE_INFINITY;
  const origin = addedAtMs < (firstSentAt ?? 0) - ADDED_AT_RESOLUTION_MS ? 'preexisting' : 'ours';
  return { email, state: 'present', origin, pushedHash: OUTCOME_UNKNOWN, rejectedCode: null, ownListId };
}
