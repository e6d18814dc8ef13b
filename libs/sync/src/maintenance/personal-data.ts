import type { AccountEntity, HeldAddress, HeldPerson } from '#database';
import {
  InvalidInputError,
  type Secret,
  ServiceError,
  TransientError,
  findAccountHindrance,
  parseAddress,
  parseJson,
  toIsoTime,
} from '#domain';
import type { AccountLeases } from '../push/account-lease.js';
import type { SyncContext } from '../context.js';
import { openUnisenderKey } from '../tokens/sealing.js';

/** Whose data: of one e-mail, in one account or in all. */
export interface PersonQuery {
  readonly email: string;
  readonly accountId?: number | undefined;
}

/** What became of the address in Unisender. `left`: it stood there before us, its owner unsubscribed, or nobody lets us in. */
export type UnisenderErasure = 'deleted' | 'left' | 'failed' | 'none';

/** What was erased of one account. */
export interface Erasure {
  readonly account_id: number;
  readonly contacts: number;
  readonly events: number;
  readonly unisender: UnisenderErasure;
}

/** What one account holds. Times are ISO 8601. */
export interface PersonExport {
  readonly account_id: number;
  readonly address: object | null;
  readonly contacts: readonly object[];
  readonly events: readonly object[];
}

const PAGE = 500;

/** What is kept about the owner of an address: shown, or forgotten. */
export class PersonalData {
  constructor(
    private readonly context: SyncContext,
    private readonly leases: Pick<AccountLeases, 'hold'>,
  ) {}

  /** Everything kept about the address, of each account that has something. Throws InvalidInputError for what is no address. */
  async export(query: PersonQuery): Promise<PersonExport[]> {
    const email = toEmail(query);
    const found: PersonExport[] = [];
    for await (const { accountId } of this.accountsOf(query)) {
      const person = await this.context.stores.people.find(accountId, email);
      if (isKnown(person)) found.push(toExport(accountId, person));
    }
    return found;
  }

  /**
   * Forgets the address in each account that has something, and deletes it in Unisender where we put it and its owner did not
   * unsubscribe. A contact that Kommo still has comes back with its next change: it has to be deleted there first.
   * Bears repetition. Throws InvalidInputError, and TransientError when an account or Unisender is busy: what was erased stays so.
   */
  async erase(query: PersonQuery): Promise<Erasure[]> {
    const email = toEmail(query);
    const erased: Erasure[] = [];
    for await (const account of this.accountsOf(query)) {
      const person = await this.context.stores.people.find(account.accountId, email);
      if (isKnown(person)) erased.push(await this.eraseFrom(account, email));
    }
    return erased;
  }

  /** No worker may tell Unisender of the address between its deletion there and here. */
  private async eraseFrom(account: AccountEntity, email: string): Promise<Erasure> {
    const { accountId } = account;
    const { people } = this.context.stores;
    return this.leases.hold(accountId, async (lease) => {
      const { address } = await people.find(accountId, email);
      const unisender = address ? await this.deleteInUnisender(account, address) : 'none';
      const { contacts, events } = await lease.write(() => people.erase(accountId, email));
      return { account_id: accountId, contacts: contacts.length, events: events.length, unisender };
    });
  }

  private async deleteInUnisender(account: AccountEntity, { email, origin, state, consent }: HeldAddress): Promise<UnisenderErasure> {
    if (state !== 'present') return 'none';
    const isUsable = findAccountHindrance(account, 'sync', this.context.clock.nowMs()) === undefined;
    const key = isUsable ? openUnisenderKey(this.context, account) : undefined;
    if (origin !== 'ours' || consent !== 'mailable' || !key) return 'left';
    return this.deleteAddress(key, email);
  }

  private async deleteAddress(key: Secret, email: string): Promise<UnisenderErasure> {
    try {
      const { rejected } = await this.context.unisender.importContacts(key, { fieldNames: ['email', 'delete'], rows: [[email, '1']] });
      return rejected.length === 0 ? 'deleted' : 'failed';
    } catch (error) {
      if (!(error instanceof ServiceError) || error instanceof TransientError) throw error;
      this.context.logger.warn('an erased address stays in Unisender', { error });
      return 'failed';
    }
  }

  private async *accountsOf({ accountId }: PersonQuery): AsyncGenerator<AccountEntity> {
    const { accounts } = this.context.stores;
    if (accountId !== undefined) {
      const account = await accounts.find(accountId);
      if (account) yield account;
      return;
    }
    for (let after = 0; ;) {
      const page = await accounts.list({ after, limit: PAGE });
      yield* page;
      after = page.at(-1)?.accountId ?? after;
      if (page.length < PAGE) return;
    }
  }
}

function toEmail({ email: raw }: PersonQuery): string {
  const { email, invalidReason } = parseAddress(raw);
  if (invalidReason === null) return email;
  throw InvalidInputError.ofFields([{ field: 'email', problem: 'must be an e-mail address' }]);
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

const toAddressExport = ({ email, origin, state, consent, rejectedCode, firstSentAt, updatedAt }: HeldAddress): object => ({
  email,
  origin,
  state,
  consent,
  rejected_code: rejectedCode,
  first_sent_at: toIsoTime(firstSentAt),
  updated_at: toIsoTime(updatedAt),
});
