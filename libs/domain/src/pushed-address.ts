import { type AddressAction, type AddressOrigin, type AddressRecord, type AddressState, type ParkStep } from './address-action.js';
import { parkDelayMs } from './retry-delay.js';
import { isFinalRefusal } from './push-result.js';

/** Why and until when an address is parked. Times are epoch milliseconds. */
export interface ParkedAddress {
  readonly parkStep: ParkStep;
  /** Unisender's own code; not a code of the error registry. */
  readonly parkCode: string;
  readonly parkCause: string;
  readonly parkAttempts: number;
  readonly parkedAt: number;
  /** Null when only an operator's resync tries it again. */
  readonly retryAt: number | null;
}

/** The state of one address after a call to Unisender. */
export interface PushedAddress {
  readonly email: string;
  readonly state: AddressState;
  readonly origin: AddressOrigin;
  readonly pushedHash: string | null;
  readonly ownListId: number | null;
  readonly firstSentAt: number | null;
  /** An earlier call without a response may still take effect until then. */
  readonly verifyAt: number | null;
  /** The lists of ours on which only such calls put the address, or may still put it. */
  readonly lateListIds: readonly number[] | null;
  readonly writtenFields: readonly string[] | null;
  /** Null when it is not parked. */
  readonly park: ParkedAddress | null;
}

/** What a settled call may change. */
export type PushBase = Pick<AddressRecord, 'email' | 'origin' | 'state' | 'pushedHash' | 'ownListId'> &
  Pick<PushedAddress, 'firstSentAt' | 'verifyAt' | 'lateListIds' | 'writtenFields'>;

/**
 * Returns the lists that an address must leave when it is put on `listId`: other lists that only the service put it on. The address
 * stays on a list where it is preexisting.
 */
export const formerListsOf = (
  { ownListId, lateListIds }: Pick<AddressRecord, 'ownListId'> & Pick<PushedAddress, 'lateListIds'>,
  listId: number,
): number[] => [...new Set([ownListId, ...(lateListIds ?? [])])].filter((id) => id !== null).filter((id) => id !== listId);

/** A call takes effect within 15 minutes, and clocks may differ by minutes. */
const LATEST_CREATION_MS = 30 * 60_000;

/**
 * Whether others may have created the address anew in Unisender after it was deleted there. `addedAt` is what the last look showed, null
 * after a later put of ours; `shownAddedAt` is what this look shows. An address that a later put of ours created anew counts too: its
 * creator is in doubt. All times are epoch milliseconds.
 */
export function isCreatedByOthers(
  { addedAt, firstSentAt }: { readonly addedAt: number | null; readonly firstSentAt: number | null },
  shownAddedAt: number | undefined,
): boolean {
  if (shownAddedAt === undefined) return false;
  return (addedAt !== null && shownAddedAt > addedAt) || (firstSentAt !== null && shownAddedAt > firstSentAt + LATEST_CREATION_MS);
}

/**
 * As {@link isCreatedByOthers}, for an address that is to be removed. Without a time of creation its creator is in doubt when an earlier
 * call had no response: that may have deleted it.
 */
export const isInDoubtAtRemoval = (
  record: Parameters<typeof isCreatedByOthers>[0] & Pick<PushedAddress, 'verifyAt'>,
  shownAddedAt: number | undefined,
): boolean => isCreatedByOthers(record, shownAddedAt) || (shownAddedAt === undefined && record.verifyAt !== null);

/** The result of an accepted put. */
export interface PutResult {
  /** The origin of an address that was sent for the first time, or whose first response was lost. */
  readonly originOfFirst: 'ours' | 'preexisting' | 'uncertain';
  readonly listId: number;
  readonly writtenFields: readonly string[];
}

/** Returns what is recorded of an address after a settled call, without other fields and not parked. */
export const toPushedAddress = ({
  email,
  origin,
  state,
  pushedHash,
  ownListId,
  lateListIds,
  firstSentAt,
  verifyAt,
  writtenFields,
}: PushBase): PushedAddress => ({
  email,
  origin,
  state,
  pushedHash,
  ownListId,
  firstSentAt,
  verifyAt,
  lateListIds: verifyAt === null ? null : lateListIds,
  writtenFields,
  park: null,
});

/**
 * Returns an address after an accepted put. `isSeenOnList`: an export or a look showed it on the list before. Then it is preexisting
 * there, unless the service put it there, or may have put it there by a call without a response.
 */
export function pushedByPut(
  record: PushBase & { readonly isSeenOnList: boolean },
  { hash }: Pick<Extract<AddressAction, { kind: 'put' }>, 'hash'>,
  { originOfFirst, listId, writtenFields }: PutResult,
): PushedAddress {
  return {
    ...toPushedAddress(record),
    state: 'present',
    origin: record.origin === 'unknown' ? originOfFirst : record.origin,
    pushedHash: hash,
    ownListId: isPreexistingOn(record, listId) ? null : listId,
    writtenFields,
  };
}

/**
 * Returns an address after a put that Unisender did not confirm: it is remembered that the list may have the address because of us. An
 * address that is preexisting on the list stays as it was. `mayBeOnList`: nothing shows that the put had no effect.
 */
export function possiblyPut<Address extends PushBase & { readonly isSeenOnList: boolean }>(
  record: Address,
  { listId, mayBeOnList }: { readonly listId: number; readonly mayBeOnList: boolean },
): Address {
  if (isPreexistingOn(record, listId)) return record;
  const lateListIds = [...new Set([...(record.lateListIds ?? []), listId])];
  return { ...record, lateListIds, state: mayBeOnList ? 'present' : record.state };
}

/** Whether the list had the address before the service put it there. */
const isPreexistingOn = (
  { isSeenOnList, ownListId, lateListIds }: PushBase & { readonly isSeenOnList: boolean },
  listId: number,
): boolean => isSeenOnList && ownListId !== listId && !(lateListIds ?? []).includes(listId);

/** Returns an address that Unisender does not have (any more). */
export const pushedByDelete = (record: PushBase): PushedAddress => ({
  ...toPushedAddress(record),
  state: 'absent',
  origin: 'unknown',
  pushedHash: null,
  ownListId: null,
  firstSentAt: null,
  writtenFields: null,
});

/** Returns an address after it was taken off our list; it stays in Unisender. */
export const pushedByExclude = (record: PushBase): PushedAddress => ({
  ...toPushedAddress(record),
  state: 'absent',
  pushedHash: null,
  ownListId: null,
});

/** What Unisender refused. */
export interface Refused {
  readonly step: ParkStep;
  readonly code: string;
  readonly cause: string;
  /** The hash of a refused put. */
  readonly hash?: string;
}

const MAX_CAUSE_LENGTH = 255;

/**
 * Returns an address that Unisender refuses for itself alone. It stays as it was before the call, and is tried again later unless the
 * refusal is final. A refused put keeps its hash: other values are pushed at once.
 */
export function pushedByRefusal(
  record: PushBase & { readonly parkAttempts: number; readonly parkedAt: number | null },
  { step, code, cause, hash }: Refused,
  nowMs: number,
): PushedAddress {
  const parkAttempts = record.parkAttempts + 1;
  const isFinal = step === 'put' && isFinalRefusal(record.email, code);
  return {
    ...toPushedAddress(record),
    lateListIds: record.lateListIds,
    ...(hash === undefined ? {} : { pushedHash: hash }),
    park: {
      parkStep: step,
      parkCode: code,
      parkCause: cause.slice(0, MAX_CAUSE_LENGTH),
      parkAttempts,
      parkedAt: record.parkedAt ?? nowMs,
      retryAt: isFinal ? null : nowMs + parkDelayMs(parkAttempts),
    },
  };
}
