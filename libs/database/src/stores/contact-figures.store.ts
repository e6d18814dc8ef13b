import { Injectable } from '@nestjs/common';
import { Clock } from '#domain';
import { Database } from '../database.js';
import { ContactFiguresEntity } from '../entities/contact-figures.entity.js';
import { ContactPartEntity } from '../entities/contact-part.entity.js';
import { incoming, selectRows, upsertRows } from '../entity-sql.js';
import { markAllPartsStale } from './marks.js';

/** An account's existing contacts by outcome. Each contact is in one outcome: their sum is the total. */
export type ContactFigures = Readonly<Pick<ContactFiguresEntity, 'total' | 'inSync' | 'waiting' | 'excluded' | 'failing'>>;

/** Contacts with ids in (`after`, `upTo`]. */
export interface ContactRange {
  readonly after?: number | undefined;
  readonly upTo?: number | undefined;
}

/** No contacts. */
export const noContacts: ContactFigures = { total: 0, inSync: 0, waiting: 0, excluded: 0, failing: 0 };

const LAST_ID = Number.MAX_SAFE_INTEGER;

/** A range with twice as many contacts is split: a change of one contact makes those of its range be counted again. */
const CONTACTS_PER_PART = 50;
/** Ranges that one transaction counts. It limits its time: no other process writes into SQLite meanwhile. */
const PARTS_AT_ONCE = 20;

const counts = ['total', 'inSync', 'waiting', 'excluded', 'failing'] as const;

const mapCounts = (valueOf: (name: keyof ContactFigures) => number): ContactFigures => ({
  total: valueOf('total'),
  inSync: valueOf('inSync'),
  waiting: valueOf('waiting'),
  excluded: valueOf('excluded'),
  failing: valueOf('failing'),
});

const addCounts = (a: ContactFigures, b: ContactFigures) => mapCounts((name) => a[name] + b[name]);
const subtractCounts = (a: ContactFigures, b: ContactFigures) => mapCounts((name) => a[name] - b[name]);

/**
 * Counts the contacts of accounts by outcome. The counts are kept by ranges of ids; a change of a contact makes those of its range
 * stale, and only these are counted again.
 */
// SQL by hand: a count joins three tables and must not load a row of them.
@Injectable()
export class ContactFiguresStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Returns the counts as they were kept last; zeros for an account that was never counted. */
  async find(accountId: number): Promise<ContactFigures> {
    const tail = 'WHERE account_id = ?';
    const [row] = await selectRows(this.database, { entity: ContactFiguresEntity, fields: counts, tail, params: [accountId] });
    return row ?? noContacts;
  }

  /**
   * Counts existing contacts, all or those in the range, by their worst address. `failing`: an address is invalid or parked; else
   * `waiting`: an address waits for a push, a removal or a check; else `excluded`: nothing is to be sent; else `inSync`.
   */
  async count(accountId: number, { after = 0, upTo = LAST_ID }: ContactRange = {}): Promise<ContactFigures> {
    const [row] = await this.database.query<{ [Name in keyof ContactFigures]: number | null }>(
      `SELECT COUNT(*) AS total, SUM(failing) AS failing, SUM(CASE WHEN failing = 0 THEN waiting ELSE 0 END) AS waiting,
              SUM(CASE WHEN failing = 0 AND waiting = 0 AND sendable = 0 THEN 1 ELSE 0 END) AS excluded,
              SUM(CASE WHEN failing = 0 AND waiting = 0 AND sendable = 1 THEN 1 ELSE 0 END) AS inSync
         FROM (SELECT MAX(CASE WHEN c.passes_filter = 1 AND (a.park_code IS NOT NULL OR h.invalid_reason <> 'kind_not_selected')
                               THEN 1 ELSE 0 END) AS failing,
                      MAX(CASE WHEN a.dirty_since IS NOT NULL OR a.removal IS NOT NULL OR a.verify_at IS NOT NULL OR
                                    (c.passes_filter = 1 AND h.email IS NOT NULL AND h.invalid_reason IS NULL AND
                                     (a.email IS NULL OR (a.consent = 'mailable' AND a.state <> 'present' AND a.park_code IS NULL)))
                               THEN 1 ELSE 0 END) AS waiting,
                      MAX(CASE WHEN c.passes_filter = 1 AND h.invalid_reason IS NULL AND a.consent = 'mailable' THEN 1 ELSE 0 END) AS sendable
                 FROM contacts c
                 LEFT JOIN contact_addresses h ON h.account_id = c.account_id AND h.contact_id = c.contact_id
                 LEFT JOIN addresses a ON a.account_id = h.account_id AND a.email = h.email
                WHERE c.account_id = ? AND c.is_deleted = 0 AND c.contact_id > ? AND c.contact_id <= ?
                GROUP BY c.contact_id) AS outcomes`,
      [accountId, after, upTo],
    );
    return mapCounts((name) => Number(row?.[name] ?? 0));
  }

  /** Counts some stale ranges of the account again, and corrects the kept sums. Returns false when no range was left. */
  async recountSome(accountId: number): Promise<boolean> {
    return this.database.transaction(async () => {
      let difference = noContacts;
      let counted = 0;
      for (; counted < PARTS_AT_ONCE; counted += 1) {
        const change = await this.recountOne(accountId);
        if (!change) break;
        difference = addCounts(difference, change);
      }
      if (counted > 0) await this.addToSums(accountId, difference);
      return counted === PARTS_AT_ONCE;
    });
  }

  /** Returns how the sums of the ranges change; undefined when no range is stale. */
  private async recountOne(accountId: number): Promise<ContactFigures | undefined> {
    const afterId = await this.findStale(accountId);
    if (afterId === undefined) return undefined;
    // First: a change that commits later marks the range again, and another process waits here.
    await this.database.execute('UPDATE contact_parts SET is_stale = 0 WHERE account_id = ? AND after_id = ?', [accountId, afterId]);
    const before = await this.findPart(accountId, afterId);
    if (!before) return undefined;
    const upToId = await this.findEndOfFirst(accountId, before);
    const counted = await this.count(accountId, { after: afterId, upTo: upToId });
    await this.savePart(accountId, { afterId, upToId, isStale: false }, counted);
    const change = subtractCounts(counted, before);
    if (upToId === before.upToId) return change;
    // The sums do not lose the contacts of the new range until it is counted.
    const rest = mapCounts((name) => Math.max(0, -change[name]));
    await this.savePart(accountId, { afterId: upToId, upToId: before.upToId, isStale: true }, rest);
    return addCounts(change, rest);
  }

  /** Adds up the ranges of the account, keeps the sums, and notes the time. */
  async saveSums(accountId: number): Promise<void> {
    await this.database.transaction(async () => {
      const countedAt = this.clock.nowMs();
      // First: another process cannot correct the sums between the addition and its result.
      await this.addToSums(accountId, noContacts);
      const [row] = await this.database.query<ContactFigures>(
        `SELECT COALESCE(SUM(total), 0) AS total, COALESCE(SUM(in_sync), 0) AS inSync, COALESCE(SUM(waiting), 0) AS waiting,
                COALESCE(SUM(excluded), 0) AS excluded, COALESCE(SUM(failing), 0) AS failing FROM contact_parts WHERE account_id = ?`,
        [accountId],
      );
      const sums = mapCounts((name) => Number(row?.[name] ?? 0));
      const update = incoming(...counts, 'countedAt');
      await upsertRows(this.database, {
        entity: ContactFiguresEntity,
        key: ['accountId'],
        update,
        rows: [{ accountId, ...sums, countedAt }],
      });
    });
  }

  /** An account without sums gets these: its ranges are counted for the first time. */
  private async addToSums(accountId: number, difference: ContactFigures): Promise<void> {
    const add = (column: string) => ({ sql: (value: (name: string) => string) => `contact_figures.${column} + ${value(column)}` });
    await upsertRows(this.database, {
      entity: ContactFiguresEntity,
      key: ['accountId'],
      update: {
        total: add('total'),
        inSync: add('in_sync'),
        waiting: add('waiting'),
        excluded: add('excluded'),
        failing: add('failing'),
      },
      rows: [{ accountId, ...difference, countedAt: this.clock.nowMs() }],
    });
  }

  /** Makes every count of the account stale. */
  async markAllStale(accountId: number): Promise<void> {
    await markAllPartsStale(this.database, accountId);
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

  /** Lists accounts with changes that are not counted. */
  async listStale(limit: number): Promise<number[]> {
    const rows = await this.database.query<{ accountId: number }>(
      'SELECT DISTINCT account_id AS accountId FROM contact_parts WHERE is_stale = 1 LIMIT ?',
      [limit],
    );
    return rows.map(({ accountId }) => accountId);
  }

  /** The start of the first stale range. An account without ranges gets one over all ids. */
  private async findStale(accountId: number): Promise<number | undefined> {
    const select = async (condition: string) => {
      const tail = `WHERE account_id = ? ${condition} LIMIT 1`;
      return (await selectRows(this.database, { entity: ContactPartEntity, fields: ['afterId'], tail, params: [accountId] }))[0]?.afterId;
    };
    const stale = await select('AND is_stale = 1 ORDER BY after_id');
    if (stale !== undefined || (await select('')) !== undefined) return stale;
    await this.savePart(accountId, { afterId: 0, upToId: LAST_ID, isStale: true }, noContacts);
    return 0;
  }

  private async findPart(accountId: number, afterId: number) {
    const tail = 'WHERE account_id = ? AND after_id = ?';
    const fields = ['afterId', 'upToId', ...counts] as const;
    return (await selectRows(this.database, { entity: ContactPartEntity, fields, tail, params: [accountId, afterId] }))[0];
  }

  /** The end of a range, or of its first 50 contacts when it has more than twice as many. */
  private async findEndOfFirst(accountId: number, { afterId, upToId }: Pick<ContactPartEntity, 'afterId' | 'upToId'>): Promise<number> {
    const limit = await this.findNthContact(accountId, afterId, 2 * CONTACTS_PER_PART);
    if (limit === undefined || limit >= upToId) return upToId;
    return (await this.findNthContact(accountId, afterId, CONTACTS_PER_PART)) ?? upToId;
  }

  /** Returns the id of the account's `n`-th contact after that id, or undefined when there are fewer. */
  async findNthContact(accountId: number, after: number, n: number): Promise<number | undefined> {
    const [row] = await this.database.query<{ contactId: number }>(
      'SELECT contact_id AS contactId FROM contacts WHERE account_id = ? AND contact_id > ? ORDER BY contact_id LIMIT 1 OFFSET ?',
      [accountId, after, n - 1],
    );
    return row?.contactId;
  }

  private async savePart(
    accountId: number,
    range: Pick<ContactPartEntity, 'afterId' | 'upToId' | 'isStale'>,
    figures: ContactFigures,
  ): Promise<void> {
    await upsertRows(this.database, {
      entity: ContactPartEntity,
      key: ['accountId', 'afterId'],
      update: incoming('upToId', ...counts, 'isStale'),
      rows: [{ accountId, ...range, ...figures }],
    });
  }
}
