import { Injectable } from '@nestjs/common';
import { Database } from '../database.js';
import { AddressEntity } from '../entities/address.entity.js';
import { ContactEntity } from '../entities/contact.entity.js';
import { executeIn, selectRows } from '../entity-sql.js';

/** An address of Unisender that no contact has, that we never sent, and that refuses nothing: its row says nothing that a push would not find out. */
const IS_STRANGER = `state = 'absent' AND origin IN ('preexisting', 'unknown') AND is_manual = 0 AND consent = 'mailable'
  AND global_refusal IS NULL AND list_refusal IS NULL AND first_sent_at IS NULL AND last_sent_at IS NULL
  AND dirty_since IS NULL AND due_at IS NULL AND removal IS NULL
  AND NOT EXISTS (SELECT 1 FROM contact_addresses h WHERE h.account_id = addresses.account_id AND h.email = addresses.email)`;

/** Deletes rows of the mirror that are not needed any more. */
// SQL by hand: sets of rows, found by conditions over two tables.
@Injectable()
export class MirrorPurgeStore {
  constructor(private readonly database: Database) {}

  /** Deletes up to `limit` deleted contacts of the account that have not changed since `beforeMs`. Returns how many. */
  async purgeDeletedContacts(accountId: number, beforeMs: number, limit: number): Promise<number> {
    const rows = await selectRows(this.database, {
      entity: ContactEntity,
      fields: ['contactId'],
      tail: 'WHERE account_id = ? AND is_deleted = 1 AND updated_at < ? LIMIT ?',
      params: [accountId, beforeMs, limit],
    });
    const ids = rows.map(({ contactId }) => contactId);
    const sql = 'DELETE FROM contacts WHERE account_id = ? AND is_deleted = 1 AND updated_at < ? AND contact_id IN (?)';
    await executeIn(this.database, sql, [accountId, beforeMs], ids);
    return ids.length;
  }

  /**
   * Looks at the account's next `limit` addresses after `after`, in order, and deletes those that only Unisender has. Returns the last
   * address that it looked at, or undefined when there is none.
   */
  async purgeStrangers(accountId: number, after: string, limit: number): Promise<string | undefined> {
    const rows = await selectRows(this.database, {
      entity: AddressEntity,
      fields: ['email'],
      tail: 'WHERE account_id = ? AND email > ? ORDER BY email LIMIT ?',
      params: [accountId, after, limit],
    });
    const last = rows.at(-1)?.email;
    if (last === undefined) return undefined;
    const sql = `DELETE FROM addresses WHERE account_id = ? AND email > ? AND email <= ? AND ${IS_STRANGER}`;
    await this.database.execute(sql, [accountId, after, last]);
    return last;
  }
}
