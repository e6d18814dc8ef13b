import { Injectable } from '@nestjs/common';
import { Clock } from '#domain';
import { Database } from '../database.js';
import { ContactFiguresEntity } from '../entities/contact-figures.entity.js';
import { incoming, upsertRows } from '../entity-sql.js';

/** An account's existing contacts by outcome. Contacts in none of the three outcomes wait for a push. */
export type ContactFigures = Readonly<Pick<ContactFiguresEntity, 'total' | 'inSync' | 'excluded' | 'failing'>>;

/** Contacts with ids in (`after`, `upTo`]. */
export interface ContactRange {
  readonly after?: number | undefined;
  readonly upTo?: number | undefined;
}

/** Counts the contacts of an account by outcome, and keeps the last counts. */
// SQL by hand: a count joins three tables and must not load a row of them.
@Injectable()
export class ContactFiguresStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Counts existing contacts, all or those in the range: `failing` with an address that is invalid or that Unisender refused;
   * else `excluded` by the filter or an unsubscribe; else `inSync` when no address waits for a push.
   */
  async count(accountId: number, { after = 0, upTo = Number.MAX_SAFE_INTEGER }: ContactRange = {}): Promise<ContactFigures> {
    const [row] = await this.database.query<{ [Name in keyof ContactFigures]: number | null }>(
      `SELECT COUNT(*) AS total, SUM(failing) AS failing, SUM(CASE WHEN failing = 0 THEN excluded ELSE 0 END) AS excluded,
              SUM(CASE WHEN failing = 0 AND excluded = 0 AND waiting = 0 THEN 1 ELSE 0 END) AS inSync
         FROM (SELECT MAX(CASE WHEN h.invalid_reason IS NOT NULL OR a.park_code IS NOT NULL THEN 1 ELSE 0 END) AS failing,
                      MAX(CASE WHEN c.passes_filter = 0 OR a.consent <> 'mailable' THEN 1 ELSE 0 END) AS excluded,
                      MAX(CASE WHEN a.dirty_since IS NOT NULL THEN 1 ELSE 0 END) AS waiting
                 FROM contacts c
                 LEFT JOIN contact_addresses h ON h.account_id = c.account_id AND h.contact_id = c.contact_id
                 LEFT JOIN addresses a ON a.account_id = h.account_id AND a.email = h.email
                WHERE c.account_id = ? AND c.is_deleted = 0 AND c.contact_id > ? AND c.contact_id <= ?
                GROUP BY c.contact_id) AS outcomes`,
      [accountId, after, upTo],
    );
    return { total: row?.total ?? 0, inSync: row?.inSync ?? 0, excluded: row?.excluded ?? 0, failing: row?.failing ?? 0 };
  }

  /** Returns the id of the account's `n`-th contact after that id, or undefined when there are fewer. */
  async findNthContact(accountId: number, after: number, n: number): Promise<number | undefined> {
    const [row] = await this.database.query<{ contactId: number }>(
      'SELECT contact_id AS contactId FROM contacts WHERE account_id = ? AND contact_id > ? ORDER BY contact_id LIMIT 1 OFFSET ?',
      [accountId, after, n - 1],
    );
    return row?.contactId;
  }

  /** Lists accounts that were never counted or were last counted before `beforeMs`, the oldest count first. */
  async listUncounted(beforeMs: number, limit: number): Promise<number[]> {
    const rows = await this.database.query<{ accountId: number }>(
      `SELECT a.account_id AS accountId FROM accounts a LEFT JOIN contact_figures f ON f.account_id = a.account_id
        WHERE f.account_id IS NULL OR f.counted_at < ? ORDER BY COALESCE(f.counted_at, 0) LIMIT ?`,
      [beforeMs, limit],
    );
    return rows.map(({ accountId }) => accountId);
  }

  /** Keeps what was counted now. */
  async save(accountId: number, { total, inSync, excluded, failing }: ContactFigures): Promise<void> {
    await upsertRows(this.database, {
      entity: ContactFiguresEntity,
      key: ['accountId'],
      update: incoming('total', 'inSync', 'excluded', 'failing', 'countedAt'),
      rows: [{ accountId, total, inSync, excluded, failing, countedAt: this.clock.nowMs() }],
    });
  }
}
