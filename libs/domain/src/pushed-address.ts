import { type AddressAction, type AddressOrigin, type AddressRecord, type AddressState, OUTCOME_UNKNOWN } from './address-action.js';

/** What a call to Unisender did to one address. */
export interface PushedAddress {
  readonly email: string;
  readonly state: AddressState;
  readonly origin: AddressOrigin;
  readonly pushedHash: string | null;
  readonly rejectedCode: string | null;
  readonly ownListId: number | null;
}

/** What a call that put addresses says of them, in numbers only. */
export interface PutCounts {
  /** Rows that Unisender met for the first time. */
  readonly inserted: number;
  readonly updated: number;
  /** Accepted rows of addresses that are new to us. */
  readonly fresh: number;
  /** Accepted rows of all others. */
  readonly known: number;
}

/** Unisender tells since when it has an address in whole seconds. What is in doubt is not ours to delete. */
const ADDED_AT_RESOLUTION_MS = 1_000;

/**
 * Where addresses come from that are new to us. Unisender answers only how many rows it met for the first time. When that is
 * exactly the number of addresses that are new to us, they are ours to delete one day; otherwise which of them stood there
 * before is asked when one is to go.
 */
export const originOfFresh = ({ inserted, updated, fresh, known }: PutCounts): 'ours' | 'uncertain' =>
  inserted === fresh && updated === known ? 'ours' : 'uncertain';

/**
 * The list that an address leaves when it is put on `listId`: another one on which only we had put it. Where it stood before
 * us it stays.
 */
export const listToLeave = ({ ownListId }: Pick<AddressRecord, 'ownListId'>, listId: number): number | undefined =>
  ownListId === null || ownListId === listId ? undefined : ownListId;

/** What Unisender answered to a put. */
export interface PutResult {
  /** Unisender's reason when it refused the row. */
  readonly rejectedCode: string | undefined;
  readonly originOfFresh: 'ours' | 'uncertain';
  readonly listId: number;
}

/** An address after it was put; `isSeenOnList` when an export showed it on the list before. */
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
  // A refused first row leaves nothing in Unisender; a refused change leaves the address there as it was told before.
  return isNew
    ? { email, state: 'rejected', origin, pushedHash: null, rejectedCode, ownListId }
    : { email, state: 'present', origin, pushedHash: hash, rejectedCode, ownListId };
}

/** An address that is in Unisender no more. */
export const pushedByDelete = ({ email }: Pick<AddressRecord, 'email'>): PushedAddress => ({
  email,
  state: 'absent',
  origin: 'unknown',
  pushedHash: null,
  rejectedCode: null,
  ownListId: null,
});

/** An address that was taken off our list and stays in Unisender. */
export const pushedByExclude = ({ email, origin }: Pick<AddressRecord, 'email' | 'origin'>): PushedAddress => ({
  ...pushedByDelete({ email }),
  origin,
});

/** An address as Unisender has it when asked; undefined when it has none. */
export interface FoundAddress {
  readonly isOnOurList: boolean;
  /** Since when Unisender has it, epoch ms. */
  readonly addedAtMs: number | undefined;
}

/**
 * An address whose answer was lost, after Unisender was asked. One that never came to our list is somebody else's, or
 * nobody's; one that stood there before it was first sent is not ours to delete.
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
