import { type Clock, type MailingConsent, groupBy } from '#domain';
import type { Database } from '../database.js';
import { executeIn, queryIn, upsertRows } from '../sql.js';

/** What the owners of addresses decided, and of whom Kommo is still to be told. */
export class MailingConsentStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Sets what an owner decided. An address that is unsubscribed now and was not before waits for its write-back; a mailable one is dirty. */
  async save(accountId: number, emails: readonly string[], consent: MailingConsent): Promise<void> {
    if (emails.length === 0) return;
    const nowMs = this.clock.nowMs();
    const mailable = consent === 'mailable';
    const pending = mailable ? null : 'pending';
    await upsertRows(this.database, {
      table: 'addresses',
      columns: ['account_id', 'email', 'consent', 'write_back', 'dirty_since', 'updated_at'],
      key: ['account_id', 'email'],
      update: {
        // MySQL assigns from left to right: the rule for write_back must see the consent that stood.
        write_back: mailable
          ? 'incoming'
          : { sql: `CASE WHEN addresses.consent = 'mailable' THEN 'pending' ELSE addresses.write_back END` },
        consent: 'incoming',
        updated_at: 'incoming',
        ...(mailable ? { dirty_since: 'first' as const } : {}),
      },
      rows: emails.map((email) => [accountId, email, consent, pending, mailable ? nowMs : null, nowMs]),
    });
  }

  /** Those of the addresses that are known to be unsubscribed or blocked. */
  async listUnmailable(accountId: number, emails: readonly string[]): Promise<string[]> {
    const rows = await queryIn<{ email: string }>(
      this.database,
      `SELECT email FROM addresses WHERE account_id = ? AND consent <> 'mailable' AND email IN (?)`,
      [accountId],
      emails,
    );
    return rows.map(({ email }) => email);
  }

  /** Unsubscribes that Kommo was not told of, with the living contacts that hold the address. */
  async listWriteBacks(accountId: number, limit: number): Promise<{ email: string; contactIds: number[] }[]> {
    const pending = await this.database.query<{ email: string }>(
      `SELECT email FROM addresses WHERE account_id = ? AND write_back = 'pending' ORDER BY email LIMIT ?`,
      [accountId, limit],
    );
    const holders = await queryIn<{ email: string; contact_id: number }>(
      this.database,
      `SELECT h.email, h.contact_id FROM contact_addresses h
         JOIN contacts c ON c.account_id = h.account_id AND c.contact_id = h.contact_id AND c.state = 'living'
        WHERE h.account_id = ? AND h.email IN (?)`,
      [accountId],
      pending.map(({ email }) => email),
    );
    const byEmail = groupBy(holders, ({ email }) => email);
    return pending.map(({ email }) => ({ email, contactIds: (byEmail.get(email) ?? []).map(({ contact_id }) => contact_id) }));
  }

  /** Ends the write-backs of which Kommo was told. */
  async markWrittenBack(accountId: number, emails: readonly string[]): Promise<void> {
    await executeIn(
      this.database,
      `UPDATE addresses SET write_back = 'done' WHERE account_id = ? AND write_back = 'pending' AND email IN (?)`,
      [accountId],
      emails,
    );
  }
}
