import type { DeletePolicy } from './account-settings.js';
import { hashOfPush } from './contact-content.js';
import type { ParsedAddress } from './email-address.js';
import type { MailingConsent } from './mailing-consent.js';

/**
 * Where an address in Unisender comes from, which decides whether the service may delete it. `unknown`: never pushed, or its first
 * push had no response. `uncertain`: pushed, but it may be preexisting. `ours`: the service put it there. `preexisting`: it was there
 * before the first push.
 */
export type AddressOrigin = 'unknown' | 'uncertain' | 'ours' | 'preexisting';

/** Whether our last settled call put the address on our list. */
export type AddressState = 'absent' | 'present';

/**
 * What made an address dirty, or did so last. Removals of other causes than `event` and `operator` are counted by the RemovalGate.
 * `event`: a webhook's own change, or a removal that was admitted before.
 */
export type DirtyCause = 'event' | 'reread' | 'run' | 'settings' | 'operator';

/** A removal before the RemovalGate counted it, after that, or while it waits for a confirmation. */
export type RemovalMark = 'planned' | 'approved' | 'held';

/** The step that Unisender refuses for one address alone. */
export type ParkStep = 'put' | 'delete' | 'exclude' | 'look';

/**
 * The `pushedHash` of an address from before a call until its response is recorded. It remains after a killed worker or a lost
 * response: what Unisender has is unknown then, and the address is pushed again.
 */
export const OUTCOME_UNKNOWN = 'outcome_unknown';

/** What Unisender refused for one address alone. Times are epoch milliseconds. */
export interface Parking {
  readonly parkStep: ParkStep | null;
  /** When the address is tried again; null when only an operator's resync does. */
  readonly retryAt: number | null;
}

/** What was pushed to Unisender about an address, and what Unisender said about it. */
export interface AddressRecord {
  readonly email: string;
  readonly origin: AddressOrigin;
  readonly state: AddressState;
  /** Hash of what was pushed, {@link OUTCOME_UNKNOWN}, or null when it must be pushed again. */
  readonly pushedHash: string | null;
  readonly consent: MailingConsent;
  /** The list that only the service put it on; null when it is on no such list. */
  readonly ownListId: number | null;
}

/** An address as the next decision about it needs it. */
export interface ActionRecord extends AddressRecord, Parking {
  /** Whether the operator added it by hand. */
  readonly isManual: boolean;
  /** A call without a response may take effect until then; null without such a call. Epoch milliseconds. */
  readonly verifyAt: number | null;
}

/** The contact that gives an address its name and fields: of those that hold it and pass the filter, the one with the lowest id. */
export interface AddressHolder {
  readonly name: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** What to do with one address in Unisender. */
export type AddressAction =
  /** Put it on our list with this name and these fields, or push the changed ones. */
  | { readonly kind: 'put'; readonly holder: AddressHolder; readonly hash: string; readonly isNew: boolean }
  /** Remove it: Unisender is asked about it first (`decideRemoval`). */
  | { readonly kind: 'remove' }
  /** The address is in sync, or must not be touched now. */
  | { readonly kind: 'none' };

const none: AddressAction = { kind: 'none' };

/** Whether the service put the address in Unisender, or a call without a response may have put it there. */
export const mayBeInUnisender = ({ state, pushedHash, verifyAt }: Pick<ActionRecord, 'state' | 'pushedHash' | 'verifyAt'>): boolean =>
  state === 'present' || pushedHash === OUTCOME_UNKNOWN || verifyAt !== null;

const isParkedAt = ({ parkStep, retryAt }: Parking, steps: readonly ParkStep[], nowMs: number): boolean =>
  parkStep !== null && steps.includes(parkStep) && (retryAt === null || retryAt > nowMs);

/**
 * Returns the one action that brings an address in Unisender in line with the mirror. `holder` is undefined when no contact holds
 * the address. An unsubscribed address is neither pushed nor removed (DESIGN.md 7). A parked one waits for its next attempt
 * or, after a refused put, for other values.
 */
export function decideAddress(record: ActionRecord, holder: AddressHolder | undefined, nowMs: number): AddressAction {
  if (record.consent !== 'mailable') return none;
  if (!holder) {
    const isRemovable = !record.isManual && mayBeInUnisender(record) && !isParkedAt(record, ['delete', 'exclude', 'look'], nowMs);
    return isRemovable ? { kind: 'remove' } : none;
  }
  const hash = hashOfPush(holder.name, holder.fields);
  const isSame = record.pushedHash === hash;
  const isDone = record.parkStep === 'put' ? isSame && isParkedAt(record, ['put'], nowMs) : isSame && record.state === 'present';
  return isDone ? none : { kind: 'put', holder, hash, isNew: record.state === 'absent' };
}

/** Where a look at Unisender shows an address. */
export interface ShownPlace {
  readonly isInUnisender: boolean;
  /** On the present list, or on the former list of ours that it is to leave. */
  readonly isOnOurList: boolean;
  readonly isOnOtherLists: boolean;
}

/** Whether another of our accounts holds the address in the same or maybe the same Unisender account, on another list or on the same. */
export type SharedUse = 'none' | 'other_list' | 'same_list';

/** How an address leaves Unisender. `nothing`: no call is needed, or none is allowed. */
export type Removal = 'delete' | 'exclude' | 'nothing';

/**
 * Decides how an address is removed, after a look at Unisender. Only a proven address of ours is deleted, and only if no other list and
 * no other account of ours needs it. Else it is only taken off our list.
 */
export function decideRemoval(
  { origin }: Pick<AddressRecord, 'origin'>,
  place: ShownPlace,
  shared: SharedUse,
  policy: DeletePolicy,
): Removal {
  if (!place.isInUnisender) return 'nothing';
  if (origin === 'ours' && policy === 'delete' && !place.isOnOtherLists && shared === 'none') return 'delete';
  return place.isOnOurList && shared !== 'same_list' ? 'exclude' : 'nothing';
}

/** How a run counts an address that it pushes. */
export type ExpectedOutcome = 'created' | 'updated' | 'rejected' | 'unchanged';

/** Predicts how a run would count an address of a contact. `record` is undefined for an address that was never pushed. */
export function expectOutcome(
  { email, invalidReason }: ParsedAddress,
  holder: AddressHolder & { readonly passesFilter: boolean },
  record: AddressRecord | undefined,
): ExpectedOutcome {
  if (invalidReason !== null) return 'rejected';
  if (!holder.passesFilter) return 'unchanged';
  const unknown: AddressRecord = { email, origin: 'unknown', state: 'absent', pushedHash: null, consent: 'mailable', ownListId: null };
  const notParked = { isManual: false, verifyAt: null, parkStep: null, retryAt: null };
  const action = decideAddress({ ...(record ?? unknown), ...notParked }, holder, 0);
  if (action.kind !== 'put') return 'unchanged';
  return action.isNew ? 'created' : 'updated';
}
