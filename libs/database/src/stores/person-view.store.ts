import { Injectable } from '@nestjs/common';
import { Database } from '../database.js';
import { AddressEntity } from '../entities/address.entity.js';
import { ContactAddressEntity } from '../entities/contact-address.entity.js';
import { ContactEntity } from '../entities/contact.entity.js';
import { type Field, selectRowsIn } from '../entity-sql.js';

const contactFields = [
  'contactId',
  'isDeleted',
  'passesFilter',
  'name',
  'fields',
  'snapshot',
  'responsibleUserId',
  'modifiedAtSeconds',
  'updatedAt',
] as const satisfies readonly Field<ContactEntity>[];

const holdingFields = ['email', 'contactId', 'invalidReason', 'kind'] as const satisfies readonly Field<ContactAddressEntity>[];

/** A contact of the mirror as the operator sees it. */
export type ShownContact = Pick<ContactEntity, (typeof contactFields)[number]>;

/** An address that a contact holds. */
export type ShownHolding = Pick<ContactAddressEntity, (typeof holdingFields)[number]>;

/** Reads what is known about one person. Every statement reads by a key. */
// SQL by hand: the search for accounts compares keys of two tables in one pass over the keys of the accounts.
@Injectable()
export class PersonViewStore {
  constructor(private readonly database: Database) {}

  /** Lists up to `limit` accounts that have the address, in the order of their ids. The cost grows with accounts, never with contacts. */
  async listAccountsWithEmail(email: string, limit: number): Promise<number[]> {
    return this.listAccounts(
      `(EXISTS (SELECT 1 FROM addresses x WHERE x.account_id = a.account_id AND x.email = ?)
        OR EXISTS (SELECT 1 FROM contact_addresses h WHERE h.account_id = a.account_id AND h.email = ?))`,
      [email, email, limit],
    );
  }

  /** As {@link listAccountsWithEmail}, for accounts that have the contact. */
  async listAccountsWithContact(contactId: number, limit: number): Promise<number[]> {
    const exists = 'EXISTS (SELECT 1 FROM contacts c WHERE c.account_id = a.account_id AND c.contact_id = ?)';
    return this.listAccounts(exists, [contactId, limit]);
  }

  /** Lists who holds these addresses, deleted contacts too. */
  async listHoldings(accountId: number, emails: readonly string[]): Promise<ShownHolding[]> {
    return this.select(ContactAddressEntity, holdingFields, 'email', accountId, emails);
  }

  /** Lists what these contacts hold. */
  async listHoldingsOf(accountId: number, contactIds: readonly number[]): Promise<ShownHolding[]> {
    return this.select(ContactAddressEntity, holdingFields, 'contact_id', accountId, contactIds);
  }

  /** Lists these contacts, deleted ones too. */
  async listContacts(accountId: number, contactIds: readonly number[]): Promise<ShownContact[]> {
    return this.select(ContactEntity, contactFields, 'contact_id', accountId, contactIds);
  }

  /** Lists the records of these addresses. */
  async listAddresses(accountId: number, emails: readonly string[]): Promise<AddressEntity[]> {
    const fields = this.database.metadataOf(AddressEntity).columns.map(({ propertyName }) => propertyName as Field<AddressEntity>);
    return this.select(AddressEntity, fields, 'email', accountId, emails);
  }

  private async listAccounts(condition: string, params: readonly (string | number)[]): Promise<number[]> {
    const sql = `SELECT a.account_id AS accountId FROM accounts a WHERE a.account_id > 0 AND ${condition} ORDER BY a.account_id LIMIT ?`;
    return (await this.database.query<{ accountId: number }>(sql, params)).map(({ accountId }) => accountId);
  }

  private async select<Entity extends object, Name extends Field<Entity>>(
    entity: new () => Entity,
    fields: readonly Name[],
    column: string,
    accountId: number,
    values: readonly (string | number)[],
  ): Promise<Pick<Entity, Name>[]> {
    const selection = { entity, fields, tail: `WHERE account_id = ? AND ${column} IN (?)`, params: [accountId] };
    return selectRowsIn(this.database, selection, values);
  }
}
