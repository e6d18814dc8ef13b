import type { DeletePolicy } from './account-settings.js';
import { hashOfPush } from './contact-content.js';
import type { ParsedAddress } from './email-address.js';
import type { MailingConsent } from './mailing-consent.js';

/** Where an address comes from: decides whether we may ever delete it. `uncertain`: sent once, but it may have stood there before. */
export type AddressOrigin = 'unknown' | 'uncertain' | 'ours' | 'preexisting';

/** `rejected`: Unisender refused the address itself; it is not sent again. */
export type AddressState = 'absent' | 'present' | 'rejected';

/**
 * Stands as `pushedHash` from before a call until its answer is recorded. Where it was left behind, a killed worker or a lost
 * answer leaves open what Unisender has: the address is told again whatever it was told before.
 */
export const OUTCOME_UNKNOWN = 'outcome_unknown';

/** What we told Unisender, and what it told us, about an address. */
export interface AddressRecord {
  readonly email: string;
  readonly origin: AddressOrigin;
  readonly state: AddressState;
  /** Hash of what was told, {@link OUTCOME_UNKNOWN}, or null when it is to be told anew. */
  readonly pushedHash: string | null;
  readonly consent: MailingConsent;
  /** The list on which nobody but us has put it; null when it is on none, or stood there before us. */
  readonly ownListId: number | null;
}

/** The living contact with the lowest id that holds the address and passes the filter: it gives name and fields. */
export interface AddressHolder {
  readonly name: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** What to do about one address in Unisender. */
export type AddressAction =
  /** Put on our list with this name, or tell the changed name. */
  | { readonly kind: 'put'; readonly holder: AddressHolder; readonly hash: string; readonly isNew: boolean }
  /** Delete from the Unisender account: we put it there. */
  | { readonly kind: 'delete' }
  /** Take off our list and leave it in the account. */
  | { readonly kind: 'exclude' }
  /** Ask Unisender whether and since when it has the address, then decide between `delete` and `exclude`. */
  | { readonly kind: 'inspect' }
  | { readonly kind: 'none' };

const none: AddressAction = { kind: 'none' };

function removalOf(record: AddressRecord, policy: DeletePolicy): AddressAction {
  if (policy === 'exclude' || record.origin === 'preexisting') return { kind: 'exclude' };
  return record.origin === 'ours' ? { kind: 'delete' } : { kind: 'inspect' };
}

const mayStandInUnisender = ({ state, pushedHash }: AddressRecord): boolean => state === 'present' || pushedHash === OUTCOME_UNKNOWN;

/**
 * The difference between what Unisender was told of an address and what the mirror wants, as one action.
 * An address that its owner unsubscribed is neither sent nor removed (DESIGN.md 7).
 */
export function decideAddress(record: AddressRecord, holder: AddressHolder | undefined, policy: DeletePolicy): AddressAction {
  if (record.consent !== 'mailable' || record.state === 'rejected') return none;
  if (!holder) return mayStandInUnisender(record) ? removalOf(record, policy) : none;
  const hash = hashOfPush(holder.name, holder.fields);
  if (record.state === 'present' && record.pushedHash === hash) return none;
  return { kind: 'put', holder, hash, isNew: record.state === 'absent' };
}

/** What telling an address would count as. */
export type ExpectedOutcome = 'created' | 'updated' | 'rejected' | 'unchanged';

/** What would become of an address that a contact holds; `record` is undefined for one that was never met. */
export function expectOutcome(
  { email, invalidReason }: ParsedAddress,
  holder: AddressHolder & { readonly passesFilter: boolean },
  record: AddressRecord | undefined,
): ExpectedOutcome {
  if (invalidReason !== null) return 'rejected';
  if (!holder.passesFilter) return 'unchanged';
  const unknown: AddressRecord = { email, origin: 'unknown', state: 'absent', pushedHash: null, consent: 'mailable', ownListId: null };
  // The policy is about addresses that nobody holds.
  const action = decideAddress(record ?? unknown, holder, 'exclude');
  if (action.kind !== 'put') return 'unchanged';
  return action.isNew ? 'created' : 'updated';
}
