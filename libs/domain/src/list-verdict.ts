import type { MailingConsent } from './mailing-consent.js';

/** What decides whether an address is on the list. */
export interface ListFacts {
  /** What prevents work on the account; null when nothing does. */
  readonly hindrance: string | null;
  readonly hasList: boolean;
  /** Undefined when nothing is known about the address in Unisender. */
  readonly address:
    | {
        readonly state: 'absent' | 'present';
        readonly consent: MailingConsent;
        readonly isManual: boolean;
        readonly parkCode: string | null;
        readonly removal: string | null;
        readonly isDirty: boolean;
        /** Whether a call without a response may still take effect. */
        readonly isUnverified: boolean;
      }
    | undefined;
  /** The contacts that have the address. */
  readonly holders: readonly { readonly isDeleted: boolean; readonly passesFilter: boolean; readonly invalidReason: string | null }[];
}

/** Whether an address is on the list, and the code of the reason. */
export interface ListVerdict {
  readonly isOnList: boolean;
  readonly state: 'failing' | 'waiting' | 'excluded' | 'in_sync';
  readonly code: string;
}

type Outcome = Pick<ListVerdict, 'state' | 'code'>;

const explanations: Readonly<Record<string, string>> = {
  on_list: 'It is on the list with the name and fields of the contact.',
  unisender_key_missing: 'It waits: the account has no Unisender key.',
  no_list: 'It waits: the list of the account does not exist yet.',
  waiting_for_push: 'It waits for the next push to Unisender.',
  waiting_for_removal: 'It waits to be taken off the list.',
  waiting_for_confirmation: 'Its removal waits for the confirmation of a run.',
  waiting_for_check: 'A call to Unisender had no response; it is checked after 15 minutes.',
  unsubscribed: 'Its owner unsubscribed. It is never subscribed again by this service.',
  blocked: 'Unisender blocks it. It is never subscribed again by this service.',
  complained: 'Its owner complained about spam. It is never subscribed again by this service.',
  filter: 'No contact with this address passes the filter of the account.',
  kind_not_selected: 'The settings do not select addresses of this kind.',
  no_contact: 'No contact in Kommo has this address.',
  contact_deleted: 'The contacts with this address are deleted in Kommo.',
  account_paused: 'It waits: the account is paused.',
  added_by_operator: 'An operator added it by hand; only an operator removes it.',
};

const ACCOUNT_STATES = /^(pending_authorization|reauthorization_required|suspended|disconnected|approval_required|account_unknown)$/;

/** One sentence about the code of a verdict. */
export function explainVerdict({ state, code }: ListVerdict): string {
  const explanation = Object.hasOwn(explanations, code) ? explanations[code] : undefined;
  if (explanation !== undefined) return explanation;
  if (ACCOUNT_STATES.test(code)) return `It waits: the state of the account is ${code}.`;
  return state === 'failing' ? `The address is refused: ${code}.` : `It waits: ${code}.`;
}

/** What the contacts say: the address is wanted on the list (undefined), or why it is not. */
function findUnwanted({ holders, address }: ListFacts): Outcome | undefined {
  const existing = holders.filter(({ isDeleted }) => !isDeleted);
  if (existing.some(({ passesFilter, invalidReason }) => passesFilter && invalidReason === null)) return undefined;
  if (address?.isManual === true) return undefined;
  if (existing.length === 0) return { state: 'excluded', code: holders.length === 0 ? 'no_contact' : 'contact_deleted' };
  const passing = existing.filter(({ passesFilter }) => passesFilter);
  const invalid = passing.find(({ invalidReason }) => invalidReason !== 'kind_not_selected')?.invalidReason;
  if (invalid !== undefined && invalid !== null) return { state: 'failing', code: invalid };
  return { state: 'excluded', code: passing.length > 0 ? 'kind_not_selected' : 'filter' };
}

function decide(facts: ListFacts): Outcome {
  const { address, hindrance, hasList, holders } = facts;
  if (address && address.parkCode !== null) return { state: 'failing', code: address.parkCode };
  if (address && address.removal !== null) {
    return { state: 'waiting', code: address.removal === 'approved' ? 'waiting_for_removal' : 'waiting_for_confirmation' };
  }
  if (address?.isUnverified === true) return { state: 'waiting', code: 'waiting_for_check' };
  if (address && address.consent !== 'mailable') return { state: 'excluded', code: address.consent };
  const unwanted = findUnwanted(facts);
  if (unwanted) {
    return address?.state === 'present' && address.isDirty ? { state: 'waiting', code: 'waiting_for_removal' } : unwanted;
  }
  if (address?.state === 'present' && !address.isDirty) {
    return { state: 'in_sync', code: address.isManual && holders.length === 0 ? 'added_by_operator' : 'on_list' };
  }
  if (hindrance !== null) return { state: 'waiting', code: hindrance };
  return { state: 'waiting', code: hasList ? 'waiting_for_push' : 'no_list' };
}

/** Decides whether an address is on the list, as far as the service knows, and why. */
export const decideListVerdict = (facts: ListFacts): ListVerdict => ({
  isOnList: facts.address?.state === 'present' && facts.address.consent === 'mailable',
  ...decide(facts),
});
