import type { Database } from '../database.js';
import type { SqlValue } from '../session.js';
import { executeIn, queryIn } from '../sql.js';

/** A contact of the mirror that holds the address. */
export interface HeldContact {
  readonly contact_id: number;
  readonly state: string;
  readonly name: string;
  /** JSON object. */
  readonly fields: string;
}

/** What Unisender was told of the address. Times in epoch milliseconds. */
export interface HeldAddress {
  readonly email: string;
  readonly origin: string;
  readonly state: string;
  readonly consent: string;
  readonly rejected_code: string | null;
  readonly first_sent_at: number | null;
  readonly updated_at: number;
}

/** An event in which the address occurs, or that is about one of its contacts. */
export interface HeldEvent {
  readonly event_id: string;
  readonly source: string;
  readonly action: string;
  readonly contact_id: number | null;
  readonly payload: string | null;
  readonly received_at: number;
}

/** Everything one account has about an address. */
export interface HeldPerson {
  readonly address: HeldAddress | undefined;
  readonly contacts: readonly HeldContact[];
  readonly events: readonly HeldEvent[];
}

/** An address as it may stand inside a payload; `!` escapes what LIKE would read as its own. */
const containing = (email: string) => `%${email.replace(/[!%_]/g, '!$&')}%`;

/** Finds and forgets what is kept about the owner of one address. */
export class PersonStore {
  constructor(private readonly database: Database) {}

  /** What an account has about an address in its kept form. Reads every event of the account. */
  async find(accountId: number, email: string): Promise<HeldPerson> {
    const [address] = await this.database.query<HeldAddress>(
      `SELECT email, origin, state, consent, rejected_code, first_sent_at, updated_at FROM addresses
        WHERE account_id = ? AND email = ?`,
      [accountId, email],
    );
    const contacts = await this.database.query<HeldContact>(
      `SELECT c.contact_id, c.state, c.name, c.fields FROM contact_addresses h
         JOIN contacts c ON c.account_id = h.account_id AND c.contact_id = h.contact_id
        WHERE h.account_id = ? AND h.email = ? ORDER BY c.contact_id`,
      [accountId, email],
    );
    return { address, contacts, events: await this.findEvents(accountId, email, contacts) };
  }

  /**
   * Forgets the address, contacts that hold no other one, and events about them. A contact that holds others keeps those, and
   * counts as never read: what Kommo says next is taken. Call inside a transaction that nobody else works beside.
   */
  async erase(accountId: number, email: string): Promise<HeldPerson> {
    const person = await this.find(accountId, email);
    const params = [accountId, email];
    await this.database.execute('DELETE FROM contact_addresses WHERE account_id = ? AND email = ?', params);
    await this.database.execute('DELETE FROM addresses WHERE account_id = ? AND email = ?', params);
    await this.database.execute(`DELETE FROM failures WHERE account_id = ? AND LOWER(reason) LIKE ? ESCAPE '!'`, [
      accountId,
      containing(email),
    ]);
    await deleteRows(
      this.database,
      'events',
      'event_id',
      accountId,
      person.events.map(({ event_id }) => event_id),
    );
    await this.forgetContacts(
      accountId,
      person.contacts.map(({ contact_id }) => contact_id),
    );
    return person;
  }

  private async findEvents(accountId: number, email: string, contacts: readonly HeldContact[]): Promise<HeldEvent[]> {
    const columns = 'SELECT event_id, source, action, contact_id, payload, received_at FROM events WHERE account_id = ?';
    const naming = await this.database.query<HeldEvent>(`${columns} AND LOWER(payload) LIKE ? ESCAPE '!'`, [accountId, containing(email)]);
    const ids = contacts.map(({ contact_id }) => contact_id);
    const about = await queryIn<HeldEvent>(this.database, `${columns} AND contact_id IN (?)`, [accountId], ids);
    const byId = new Map([...naming, ...about].map((event) => [event.event_id, event]));
    return [...byId.values()].sort((one, other) => (one.event_id < other.event_id ? -1 : 1));
  }

  private async forgetContacts(accountId: number, ids: readonly number[]): Promise<void> {
    const others = await queryIn<{ contact_id: number }>(
      this.database,
      'SELECT contact_id FROM contact_addresses WHERE account_id = ? AND contact_id IN (?)',
      [accountId],
      ids,
    );
    const kept = new Set(others.map(({ contact_id }) => contact_id));
    const gone = ids.filter((id) => !kept.has(id));
    await deleteRows(this.database, 'contacts', 'contact_id', accountId, gone);
    const forget = `UPDATE contacts SET content_hash = '', modified_at_seconds = 0 WHERE account_id = ? AND contact_id IN (?)`;
    await executeIn(this.database, forget, [accountId], [...kept]);
  }
}

const deleteRows = (database: Database, table: 'contacts' | 'events', key: string, accountId: number, values: readonly SqlValue[]) =>
  executeIn(database, `DELETE FROM ${table} WHERE account_id = ? AND ${key} IN (?)`, [accountId], values);
