import { Injectable } from '@nestjs/common';
import { Database } from '../database.js';
import { AddressEntity } from '../entities/address.entity.js';
import { ContactAddressEntity } from '../entities/contact-address.entity.js';
import { ContactEntity } from '../entities/contact.entity.js';
import { EventEntity } from '../entities/event.entity.js';
import { type Field, containing, executeIn, selectRows, selectRowsIn } from '../entity-sql.js';
import { markPartsStale } from './marks.js';

const addressFields = [
  'email',
  'origin',
  'state',
  'consent',
  'parkCode',
  'firstSentAt',
  'updatedAt',
] as const satisfies readonly Field<AddressEntity>[];
const contactFields = ['contactId', 'isDeleted', 'name', 'fields'] as const satisfies readonly Field<ContactEntity>[];
const eventFields = ['eventId', 'source', 'action', 'contactId', 'payload', 'receivedAt'] as const satisfies readonly Field<EventEntity>[];

/** What is kept about the address itself. */
export type HeldAddress = Pick<AddressEntity, (typeof addressFields)[number]>;

/** A contact of the mirror that holds the address. */
export type HeldContact = Pick<ContactEntity, (typeof contactFields)[number]>;

/** An event that contains the address or belongs to one of its contacts. */
export type HeldEvent = Pick<EventEntity, (typeof eventFields)[number]>;

/** Everything that one account has about an address. */
export interface HeldPerson {
  readonly address: HeldAddress | undefined;
  readonly contacts: readonly HeldContact[];
  readonly events: readonly HeldEvent[];
}

/** Finds and erases the personal data of the owner of one address. */
// SQL by hand: the search joins contacts with their addresses and looks into payloads, and an erasure deletes sets of rows.
@Injectable()
export class PersonStore {
  constructor(private readonly database: Database) {}

  /** Finds what an account has about an address in its stored form. Reads every event of the account. */
  async find(accountId: number, email: string): Promise<HeldPerson> {
    const [address] = await selectRows(this.database, {
      entity: AddressEntity,
      fields: addressFields,
      tail: 'WHERE account_id = ? AND email = ?',
      params: [accountId, email],
    });
    const contacts = await selectRows(this.database, {
      entity: ContactEntity,
      fields: contactFields,
      tail: `WHERE account_id = ? AND contact_id IN (SELECT contact_id FROM contact_addresses WHERE account_id = ? AND email = ?)
              ORDER BY contact_id`,
      params: [accountId, accountId, email],
    });
    return { address, contacts, events: await this.findEvents(accountId, email, contacts) };
  }

  /**
   * Deletes the address, contacts that hold no other address, and their events; returns what it found. A contact that holds
   * others keeps those and counts as never read: the next version from Kommo is taken. Call it in a transaction under the
   * account's lease.
   */
  async erase(accountId: number, email: string): Promise<HeldPerson> {
    const person = await this.find(accountId, email);
    const params = [accountId, email];
    await this.database.execute('DELETE FROM contact_addresses WHERE account_id = ? AND email = ?', params);
    await this.database.execute('DELETE FROM addresses WHERE account_id = ? AND email = ?', params);
    const failures = `DELETE FROM failures WHERE account_id = ? AND LOWER(reason) LIKE ? ESCAPE '!'`;
    await this.database.execute(failures, [accountId, containing(email)]);
    const eventIds = person.events.map(({ eventId }) => eventId);
    await executeIn(this.database, 'DELETE FROM events WHERE account_id = ? AND event_id IN (?)', [accountId], eventIds);
    const contactIds = person.contacts.map(({ contactId }) => contactId);
    await this.forgetContacts(accountId, contactIds);
    await markPartsStale(this.database, accountId, contactIds);
    return person;
  }

  /** Deletes a contact and its events. Returns how many events. Call it in a transaction under the account's lease, after its addresses. */
  async eraseContact(accountId: number, contactId: number): Promise<number> {
    const ofContact = 'WHERE account_id = ? AND contact_id = ?';
    await this.database.execute(`DELETE FROM contact_addresses ${ofContact}`, [accountId, contactId]);
    await this.database.execute(`DELETE FROM contacts ${ofContact}`, [accountId, contactId]);
    await markPartsStale(this.database, accountId, [contactId]);
    return this.database.execute(`DELETE FROM events ${ofContact}`, [accountId, contactId]);
  }

  private async findEvents(accountId: number, email: string, contacts: readonly HeldContact[]): Promise<HeldEvent[]> {
    const events = { entity: EventEntity, fields: eventFields };
    const naming = await selectRows(this.database, {
      ...events,
      tail: `WHERE account_id = ? AND LOWER(payload) LIKE ? ESCAPE '!'`,
      params: [accountId, containing(email)],
    });
    const ids = contacts.map(({ contactId }) => contactId);
    const ofContacts = { ...events, tail: 'WHERE account_id = ? AND contact_id IN (?)', params: [accountId] };
    const about = await selectRowsIn(this.database, ofContacts, ids);
    const byId = new Map([...naming, ...about].map((event) => [event.eventId, event]));
    return [...byId.values()].sort((one, other) => (one.eventId < other.eventId ? -1 : 1));
  }

  private async forgetContacts(accountId: number, ids: readonly number[]): Promise<void> {
    const tail = 'WHERE account_id = ? AND contact_id IN (?)';
    const others = await selectRowsIn(
      this.database,
      { entity: ContactAddressEntity, fields: ['contactId'] as const, tail, params: [accountId] },
      ids,
    );
    const kept = new Set(others.map(({ contactId }) => contactId));
    const orphaned = ids.filter((id) => !kept.has(id));
    await executeIn(this.database, 'DELETE FROM contacts WHERE account_id = ? AND contact_id IN (?)', [accountId], orphaned);
    const forget = `UPDATE contacts SET content_hash = '', modified_at_seconds = 0, snapshot = NULL, snapshot_hash = '', tags = NULL WHERE account_id = ? AND contact_id IN (?)`;
    await executeIn(this.database, forget, [accountId], [...kept]);
  }
}
