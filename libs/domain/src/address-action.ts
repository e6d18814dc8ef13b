import type { DeletePolicy } from './account-settings.js';
import { hashOfPush } from './contact-content.js';
import type { ParsedAddress } from './email-address.js';
import type { MailingConsent } from './mailing-consent.js';

/**
 * Where an address in Unisender comes from, which decides whether the service may delete it. `unknown`: never pushed. `uncertain`:
 * pushed, but it may be preexisting. `ours`: the service put it there. `preexisting`: it was there before the first push.
 */
export type AddressOrigin = 'unknown' | 'uncertain' | 'ours' | 'preexisting';

/** Whether Unisender has the address. `rejected`: Unisender refused the address itself; it is not pushed again. */
export type AddressState = 'absent' | 'present' | 'rejected';

/** What made an address dirty. Removals of other causes than `event` and `operator` are counted by the RemovalGate. */
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

/** The contact that gives an address its name and fields: of those that hold it and pass the filter, the one with the lowest id. */
export interface AddressHolder {
  readonly name: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** What to do with one address in Unisender. */
export type AddressAction =
  /** Put it on our list with this name and these fields, or push the changed ones. */
  | { readonly kind: 'put'; readonly holder: AddressHolder; readonly hash: string; readonly isNew: boolean }
  /** Delete it from the Unisender account: it is ours. */
  | { readonly kind: 'delete' }
  /** Take it off our list; it stays in the account. */
  | { readonly kind: 'exclude' }
  /** Ask Unisender whether and since when it has the address; that decides between `delete` and `exclude`. */
  | { readonly kind: 'inspect' }
  /** The address is in sync, or must not be touched. */
  | { readonly kind: 'none' };

const none: AddressAction = { kind: 'none' };

function removalOf(record: AddressRecord, policy: DeletePolicy): AddressAction {
  if (policy === 'exclude' || record.origin === 'preexisting') return { kind: 'exclude' };
  return record.origin === 'ours' ? { kind: 'delete' } : { kind: 'inspect' };
}

const mayBeInUnisender = ({ state, pushedHash }: AddressRecord): boolean => state === 'present' || pushedHash === OUTCOME_UNKNOWN;

/**
 * Returns the one action that brings an address in Unisender in line with the mirror. `holder` is undefined when no contact holds
 * the address. An unsubscribed address is neither pushed nor removed (DESIGN.md 7).
 */
export function decideAddress(record: AddressRecord, holder: AddressHolder | undefined, policy: DeletePolicy): AddressAction {
  if (record.consent !== 'mailable' || record.state === 'rejected') return none;
  if (!holder) return mayBeInUnisender(record) ? removalOf(record, policy) : none;
  const hash = hashOfPush(holder.name, holder.fields);
  if (record.state === 'present' && record.pushedHash === hash) return none;
  return { kind: 'put', holder, hash, isNew: record.state === 'absent' };
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
  // The policy applies only to addresses without a holder.
  const action = decideAddress(record ?? unknown, holder, 'exclude');
  if (action.kind !== 'put') return 'unchanged';
  return action.isNew ? 'created' : 'updated';
}
