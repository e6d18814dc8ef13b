import { Injectable } from '@nestjs/common';
import { Clock, type MailingConsent, groupBy } from '#domain';
import { Database } from '../database.js';
import { AddressEntity } from '../entities/address.entity.js';
import { executeIn, queryIn, selectRows, selectRowsIn, upsertRows } from '../entity-sql.js';

/** An unsubscribe that is to be written back to Kommo, with the existing contacts that hold the address. */
export interface PendingWriteBack {
  readonly email: string;
  readonly contactIds: readonly number[];
}

/** The mailing consents of addresses, and the unsubscribes that are to be written back to Kommo. */
// SQL by hand: the statements work on sets of addresses, and an update depends on the stored consent.
@Injectable()
export class MailingConsentStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Sets the consent of addresses. A new unsubscribe waits for its write-back; a mailable address becomes dirty. */
  async save(accountId: number, emails: readonly string[], consent: MailingConsent): Promise<void> {
    const nowMs = this.clock.nowMs();
    const isMailable = consent === 'mailable';
    await upsertRows(this.database, {
      entity: AddressEntity,
      key: ['accountId', 'email'],
      update: {
        // MySQL assigns from left to right: the rule for writeBack must see the stored consent.
        writeBack: isMailable
          ? 'incoming'
          : { sql: `CASE WHEN addresses.consent = 'mailable' THEN 'pending' ELSE addresses.write_back END` },
        consent: 'incoming',
        updatedAt: 'incoming',
        ...(isMailable ? { dirtySince: 'first' as const } : {}),
      },
      rows: emails.map((email) => ({
        accountId,
        email,
        consent,
        writeBack: isMailable ? null : ('pending' as const),
        dirtySince: isMailable ? nowMs : null,
        updatedAt: nowMs,
      })),
    });
  }

  /** Lists the addresses among `emails` that are known as unsubscribed or blocked. */
  async listUnmailable(accountId: number, emails: readonly string[]): Promise<string[]> {
    const tail = `WHERE account_id = ? AND consent <> 'mailable' AND email IN (?)`;
    const rows = await selectRowsIn(this.database, { entity: AddressEntity, fields: ['email'], tail, params: [accountId] }, emails);
    return rows.map(({ email }) => email);
  }

  /** Lists unsubscribes that are to be written back to Kommo. */
  async listWriteBacks(accountId: number, limit: number): Promise<PendingWriteBack[]> {
    const tail = `WHERE account_id = ? AND write_back = 'pending' ORDER BY email LIMIT ?`;
    const pending = await selectRows(this.database, { entity: AddressEntity, fields: ['email'], tail, params: [accountId, limit] });
    const holders = await queryIn<{ email: string; contactId: number }>(
      this.database,
      `SELECT h.email, h.contact_id AS contactId FROM contact_addresses h
         JOIN contacts c ON c.account_id = h.account_id AND c.contact_id = h.contact_id AND c.is_deleted = 0
        WHERE h.account_id = ? AND h.email IN (?)`,
      [accountId],
      pending.map(({ email }) => email),
    );
    const byEmail = groupBy(holders, ({ email }) => email);
    return pending.map(({ email }) => ({ email, contactIds: (byEmail.get(email) ?? []).map(({ contactId }) => contactId) }));
  }

  /** Ends the write-backs of addresses whose contacts were tagged in Kommo. */
  async markWrittenBack(accountId: number, emails: readonly string[]): Promise<void> {
    const sql = `UPDATE addresses SET write_back = 'done' WHERE account_id = ? AND write_back = 'pending' AND email IN (?)`;
    await executeIn(this.database, sql, [accountId], emails);
  }
}
