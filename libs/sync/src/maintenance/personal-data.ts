import { Injectable } from '@nestjs/common';
import { type AccountEntity, AccountStore, Database, type HeldAddress, type HeldPerson, PersonStore, PersonViewStore } from '#database';
import { Logger, parseJson, toIsoTime } from '#domain';
import { ContactCounter } from '../accounts/contact-counter.js';
import { toRequestedEmail } from '../accounts/requested-email.js';
import { AccountLeases } from '../push/account-lease.js';
import { ErasedRefusals } from '../push/consent-gate.js';
import { readAccounts } from './account-rounds.js';
import { type ErasureOutcome, UnisenderErasure } from './unisender-erasure.js';

/** The owner of one e-mail address, in one account or in all. */
export interface PersonQuery {
  readonly email: string;
  readonly accountId?: number | undefined;
}

/** One contact, in one account or in all that have it. */
export interface ContactQuery {
  readonly contactId: number;
  readonly accountId?: number | undefined;
}

/** What was erased from one account. */
export interface Erasure {
  readonly account_id: number;
  readonly contacts: number;
  readonly events: number;
  readonly unisender: ErasureOutcome;
}

/** What one account stores. Times are ISO 8601. */
export interface PersonExport {
  readonly account_id: number;
  readonly address: object | null;
  readonly contacts: readonly object[];
  readonly events: readonly object[];
}

/** Deletes what a database still holds of rows that were erased. */
@Injectable()
export class ErasureRemains {
  constructor(
    private readonly database: Database,
    private readonly logger: Logger,
  ) {}

  /** Empties the write-ahead log of SQLite. Free pages are overwritten when rows are deleted. */
  async delete(): Promise<void> {
    if (await this.database.emptyLog()) return;
    this.logger.warn('write-ahead log not emptied; other processes read it. The next erasure tries again');
  }
}

/** Erases an address from one account. */
@Injectable()
export class AccountErasure {
  constructor(
    private readonly people: PersonStore,
    private readonly leases: AccountLeases,
    private readonly unisender: UnisenderErasure,
    private readonly refusals: ErasedRefusals,
    private readonly counter: ContactCounter,
  ) {}

  /**
   * Erases the address from Unisender and from the database, and keeps its refusals without it. Holds the account: no worker can push
   * the address in between. Throws TransientError.
   */
  async erase(account: AccountEntity, email: string): Promise<Erasure> {
    const { accountId } = account;
    const erasure = await this.leases.hold(accountId, async (lease) => {
      const unisender = await this.unisender.erase(lease, account, email);
      const { contacts, events } = await lease.write(async () => {
        await this.refusals.keep(accountId, email);
        return this.people.erase(accountId, email);
      });
      return { account_id: accountId, contacts: contacts.length, events: events.length, unisender };
    });
    await this.counter.refresh(accountId);
    return erasure;
  }

  /** Deletes a contact and its events. Returns how many events. Call it after its addresses are erased. Throws TransientError. */
  async eraseContact({ accountId }: AccountEntity, contactId: number): Promise<number> {
    const events = await this.leases.hold(accountId, (lease) => lease.write(() => this.people.eraseContact(accountId, contactId)));
    await this.counter.refresh(accountId);
    return events;
  }
}

/** The worst outcome first. */
const OUTCOMES: readonly ErasureOutcome[] = ['failed', 'left', 'deleted', 'none'];

const addUp = (accountId: number, erased: readonly Erasure[], moreEvents: number): Erasure => ({
  account_id: accountId,
  contacts: Math.max(1, ...erased.map(({ contacts }) => contacts)),
  events: erased.reduce((sum, { events }) => sum + events, moreEvents),
  unisender: OUTCOMES.find((outcome) => erased.some(({ unisender }) => unisender === outcome)) ?? 'none',
});

/** Exports and erases the personal data of the owner of an e-mail address. */
@Injectable()
export class PersonalData {
  constructor(
    private readonly people: PersonStore,
    private readonly shown: PersonViewStore,
    private readonly accounts: AccountStore,
    private readonly erasure: AccountErasure,
    private readonly remains: ErasureRemains,
  ) {}

  /** Returns everything stored about the address, for each account that has something. Throws InvalidInputError for an invalid address. */
  async export(query: PersonQuery): Promise<PersonExport[]> {
    const email = toRequestedEmail(query.email);
    const found: PersonExport[] = [];
    for await (const { accountId } of this.readAccountsOf(query)) {
      const person = await this.people.find(accountId, email);
      if (isKnown(person)) found.push(toExport(accountId, person));
    }
    return found;
  }

  /**
   * Erases the address from each account that has something, and from Unisender if this service added it and its owner did not
   * unsubscribe. A refusal is kept without the address. A contact that Kommo still has returns with its next change, so delete it in
   * Kommo first. Safe to repeat. Throws InvalidInputError for an invalid address, and TransientError when an account is busy,
   * when Unisender is unavailable, or when an earlier call may still put the address there; earlier accounts stay erased then.
   */
  async erase(query: PersonQuery): Promise<Erasure[]> {
    const email = toRequestedEmail(query.email);
    const erased: Erasure[] = [];
    for await (const account of this.readAccountsOf(query)) {
      const person = await this.people.find(account.accountId, email);
      if (isKnown(person)) erased.push(await this.erasure.erase(account, email));
    }
    await this.remains.delete();
    return erased;
  }

  /** As {@link erase}, for every address of one contact, and the contact itself. Other contacts with these addresses lose them, too. */
  async eraseContact({ contactId, accountId }: ContactQuery): Promise<Erasure[]> {
    const erased: Erasure[] = [];
    for await (const account of this.readAccountsOf({ accountId })) {
      const [contact] = await this.shown.listContacts(account.accountId, [contactId]);
      if (contact) erased.push(await this.eraseContactFrom(account, contactId));
    }
    await this.remains.delete();
    return erased;
  }

  private async eraseContactFrom(account: AccountEntity, contactId: number): Promise<Erasure> {
    const { accountId } = account;
    const erased: Erasure[] = [];
    for (const { email } of await this.shown.listHoldingsOf(accountId, [contactId])) {
      // The erasure of the address before may have changed the account, e.g. found its list.
      const present = await this.accounts.find(accountId);
      erased.push(await this.erasure.erase(present ?? account, email));
    }
    return addUp(accountId, erased, await this.erasure.eraseContact(account, contactId));
  }

  private async *readAccountsOf({ accountId }: Pick<PersonQuery, 'accountId'>): AsyncGenerator<AccountEntity> {
    if (accountId === undefined) {
      yield* readAccounts(this.accounts);
      return;
    }
    const account = await this.accounts.find(accountId);
    if (account) yield account;
  }
}

const isKnown = ({ address, contacts, events }: HeldPerson) => address !== undefined || contacts.length > 0 || events.length > 0;

const toExport = (accountId: number, { address, contacts, events }: HeldPerson): PersonExport => ({
  account_id: accountId,
  address: address ? toAddressExport(address) : null,
  contacts: contacts.map(({ contactId, isDeleted, name, fields }) => ({
    contact_id: contactId,
    state: isDeleted ? 'deleted' : 'existing',
    name,
    fields,
  })),
  events: events.map(({ eventId, source, action, contactId, payload, receivedAt }) => ({
    event_id: eventId,
    source,
    action,
    contact_id: contactId,
    payload: parseJson(payload ?? 'null'),
    received_at: toIsoTime(receivedAt),
  })),
});

const toAddressExport = ({ email, origin, state, consent, parkCode, firstSentAt, updatedAt }: HeldAddress): object => ({
  email,
  origin,
  state,
  consent,
  rejected_code: parkCode,
  first_sent_at: toIsoTime(firstSentAt),
  updated_at: toIsoTime(updatedAt),
});
