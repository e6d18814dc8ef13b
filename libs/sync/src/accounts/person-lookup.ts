import { Injectable } from '@nestjs/common';
import {
  type AccountEntity,
  AccountStore,
  type AddressEntity,
  EventStore,
  type EventView,
  PersonViewStore,
  type ShownContact,
  type ShownHolding,
} from '#database';
import { Clock, type ListVerdict, decideListVerdict, explainVerdict, findAccountHindrance, readPackedSnapshot, toIsoTime } from '#domain';
import { toRequestedEmail } from './requested-email.js';

/** A person by an address or by a contact, in one account or in all. */
export interface PersonLookupQuery {
  readonly by: { readonly email: string } | { readonly contactId: number };
  readonly accountId?: number | undefined;
}

type ConsentScope = 'account' | 'list';

/** What is stored about a person in one account, before it is shown. */
interface Found {
  readonly contacts: readonly ShownContact[];
  readonly holdings: readonly ShownHolding[];
  readonly addresses: readonly AddressEntity[];
  readonly emails: readonly string[];
}

const MAX_ACCOUNTS = 100;
const MAX_EVENTS = 50;
const NO_PAUSE = 0;

/** Shows what is known about one person: what Kommo has, what was pushed to Unisender, and why each address is or is not on the list. */
@Injectable()
export class PersonLookup {
  constructor(
    private readonly people: PersonViewStore,
    private readonly accounts: AccountStore,
    private readonly events: EventStore,
    private readonly clock: Clock,
  ) {}

  /** Reads each account that has something, 100 at most. Throws InvalidInputError for an invalid address. */
  async find({ by, accountId }: PersonLookupQuery) {
    const person = 'email' in by ? { email: toRequestedEmail(by.email) } : by;
    const found: PersonAccountView[] = [];
    for (const id of accountId === undefined ? await this.listAccounts(person) : [accountId]) {
      const account = await this.accounts.find(id);
      const view = account && (await this.readAccount(account, person));
      if (view) found.push(view);
    }
    return found;
  }

  private async listAccounts(person: PersonLookupQuery['by']): Promise<number[]> {
    return 'email' in person
      ? this.people.listAccountsWithEmail(person.email, MAX_ACCOUNTS)
      : this.people.listAccountsWithContact(person.contactId, MAX_ACCOUNTS);
  }

  private async readAccount(account: AccountEntity, person: PersonLookupQuery['by']): Promise<PersonAccountView | undefined> {
    const { accountId } = account;
    const found =
      'email' in person ? await this.findByEmail(accountId, person.email) : await this.findByContact(accountId, person.contactId);
    if (found.contacts.length === 0 && found.addresses.length === 0) return undefined;
    return {
      account_id: accountId,
      name: account.name,
      status: account.status,
      list_id: account.listId,
      list_title: account.listTitle,
      contacts: found.contacts.map((contact) => toContact(contact, found.holdings)),
      addresses: found.emails.map((email) => this.toAddress(account, email, found)),
      events: await this.listEvents(accountId, found),
    };
  }

  private async findByEmail(accountId: number, email: string): Promise<Found> {
    const holders = await this.people.listHoldings(accountId, [email]);
    const contactIds = holders.map(({ contactId }) => contactId);
    const contacts = await this.people.listContacts(accountId, contactIds);
    const holdings = await this.people.listHoldingsOf(accountId, contactIds);
    return { contacts, holdings, addresses: await this.people.listAddresses(accountId, [email]), emails: [email] };
  }

  private async findByContact(accountId: number, contactId: number): Promise<Found> {
    const contacts = await this.people.listContacts(accountId, [contactId]);
    const own = await this.people.listHoldingsOf(accountId, [contactId]);
    const emails = own.map(({ email }) => email);
    const holdings = await this.people.listHoldings(accountId, emails);
    const others = holdings.map((holding) => holding.contactId).filter((id) => id !== contactId);
    const otherContacts = await this.people.listContacts(accountId, [...new Set(others)]);
    const addresses = await this.people.listAddresses(accountId, emails);
    return { contacts: [...contacts, ...otherContacts], holdings, addresses, emails };
  }

  /** The newest events of the contacts, and of Unisender among the account's newest. */
  private async listEvents(accountId: number, { contacts, emails }: Found): Promise<EventView[]> {
    const lists: EventView[][] = [];
    for (const { contactId } of contacts) lists.push(await this.events.list(accountId, MAX_EVENTS, { contactId }));
    for (const email of emails) lists.push((await this.events.search(accountId, { email, contactIds: [], limit: MAX_EVENTS })).events);
    const byId = new Map(lists.flat().map((event) => [event.eventId, event]));
    return [...byId.values()].sort((one, other) => (one.eventId > other.eventId ? -1 : 1)).slice(0, MAX_EVENTS);
  }

  private toAddress(account: AccountEntity, email: string, { addresses, holdings, contacts }: Found): PersonAddressView {
    const address = addresses.find((each) => each.email === email);
    const verdict = this.decide(account, address, holdersOf(email, holdings, contacts));
    return {
      email,
      verdict: { is_on_list: verdict.isOnList, state: verdict.state, code: verdict.code, explanation: explainVerdict(verdict) },
      origin: address?.origin ?? null,
      is_manual: address?.isManual ?? false,
      pushed: address ? toPushed(address, this.clock.nowMs()) : null,
      shown: address ? toShown(address) : null,
      mailing_consent: address?.consent ?? 'mailable',
      consent_facts: address ? toFacts(address) : [],
      write_back: address?.writeBack ?? null,
      rejected: address ? toRejected(address) : null,
    };
  }

  private decide(account: AccountEntity, address: AddressEntity | undefined, holders: Holder[]): ListVerdict {
    const nowMs = this.clock.nowMs();
    const hindrance = findAccountHindrance(account, 'sync', nowMs) ?? findAccountHindrance(account, 'work', nowMs) ?? null;
    return decideListVerdict({
      hindrance: hindrance === 'account_paused' && account.pausedUntil > NO_PAUSE ? (account.pauseCode ?? hindrance) : hindrance,
      hasList: account.listId !== null,
      address: address && {
        state: address.state,
        consent: address.consent,
        isManual: address.isManual,
        parkCode: address.parkCode,
        removal: address.removal,
        isDirty: address.dirtySince !== null,
        isUnverified: address.verifyAt !== null,
      },
      holders,
    });
  }
}

type Holder = Pick<ShownContact, 'isDeleted' | 'passesFilter'> & Pick<ShownHolding, 'invalidReason'>;

function holdersOf(email: string, holdings: readonly ShownHolding[], contacts: readonly ShownContact[]): Holder[] {
  const byId = new Map(contacts.map((contact) => [contact.contactId, contact]));
  return holdings.flatMap(({ email: held, contactId, invalidReason }) => {
    const contact = held === email ? byId.get(contactId) : undefined;
    return contact ? [{ isDeleted: contact.isDeleted, passesFilter: contact.passesFilter, invalidReason }] : [];
  });
}

const toContact = (contact: ShownContact, holdings: readonly ShownHolding[]) => ({
  contact_id: contact.contactId,
  is_deleted: contact.isDeleted,
  name: contact.name,
  fields: contact.fields,
  tags: contact.snapshot === null ? null : readPackedSnapshot(contact.snapshot).tags,
  responsible_user_id: contact.responsibleUserId,
  passes_filter: contact.passesFilter,
  emails: holdings
    .filter(({ contactId }) => contactId === contact.contactId)
    .map(({ email, kind, invalidReason }) => ({ email, kind, invalid_reason: invalidReason })),
  modified_at: contact.modifiedAtSeconds === 0 ? null : toIsoTime(contact.modifiedAtSeconds * 1_000),
  updated_at: toIsoTime(contact.updatedAt),
});

const toPushed = (address: AddressEntity, nowMs: number) =>
  address.firstSentAt === null && address.lastSentAt === null
    ? null
    : {
        first_sent_at: toIsoTime(address.firstSentAt),
        last_sent_at: toIsoTime(address.lastSentAt === null ? null : Math.min(address.lastSentAt, nowMs)),
        list_id: address.ownListId,
        written_fields: address.writtenFields ?? [],
        is_current: address.dirtySince === null && address.pushedHash !== null && address.differenceHash === null,
      };

const toShown = ({ lookedAt, seenAt, isOnOtherLists }: AddressEntity) =>
  lookedAt === null ? null : { looked_at: toIsoTime(lookedAt), seen_on_list_at: toIsoTime(seenAt), is_on_other_lists: isOnOtherLists };

const toRejected = ({ parkCode, parkCause, parkAttempts, retryAt }: AddressEntity) =>
  parkCode === null ? null : { code: parkCode, cause: parkCause, attempts: parkAttempts, retry_at: toIsoTime(retryAt) };

const toFacts = (address: AddressEntity) => [
  ...toFact('account', address.globalRefusal, address.globalRefusedAt, address.globalLearnedAt, address.globalUnproven),
  ...toFact('list', address.listRefusal, address.listRefusedAt, address.listLearnedAt, address.listUnproven),
];

const toFact = (
  scope: ConsentScope,
  kind: AddressEntity['globalRefusal'],
  refusedAt: number | null,
  learnedAt: number | null,
  isUnproven: boolean,
) => (kind === null ? [] : [{ scope, kind, refused_at: toIsoTime(refusedAt), learned_at: toIsoTime(learnedAt), is_proven: !isUnproven }]);

/** An address of a person. */
export interface PersonAddressView {
  readonly email: string;
  readonly verdict: Pick<ListVerdict, 'state' | 'code'> & { readonly is_on_list: boolean; readonly explanation: string };
  readonly origin: AddressEntity['origin'] | null;
  readonly is_manual: boolean;
  readonly pushed: ReturnType<typeof toPushed>;
  readonly shown: ReturnType<typeof toShown>;
  readonly mailing_consent: AddressEntity['consent'];
  readonly consent_facts: ReturnType<typeof toFacts>;
  readonly write_back: AddressEntity['writeBack'];
  readonly rejected: ReturnType<typeof toRejected>;
}

/** What one account has about a person. */
export interface PersonAccountView {
  readonly account_id: number;
  readonly name: string;
  readonly status: AccountEntity['status'];
  readonly list_id: number | null;
  readonly list_title: string | null;
  readonly contacts: readonly ReturnType<typeof toContact>[];
  readonly addresses: readonly PersonAddressView[];
  readonly events: readonly EventView[];
}
