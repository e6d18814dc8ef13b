import { Injectable } from '@nestjs/common';
import { Clock } from '#domain';
import { Database } from '../database.js';
import { executeIn } from '../entity-sql.js';
import type { SqlValue } from '../session.js';
import { markAllPartsStale, markDirty } from './marks.js';

/** Every state in which an address can be listed. */
export const addressStates = ['failing', 'waiting', 'excluded', 'in_sync'] as const;

/** The state of one address of one contact. */
export type ListedState = (typeof addressStates)[number];

/** One address of one contact, with why it is in its state. Times are epoch milliseconds. */
export interface ListedAddress {
  /** Null for an address that no contact holds any more. */
  readonly contactId: number | null;
  readonly email: string;
  readonly state: ListedState;
  readonly code: string | null;
  readonly cause: string | null;
  readonly attempts: number;
  readonly since: number | null;
}

/** Where a list continues: after this contact and address; without a contact, among the addresses that no contact holds. */
export interface ListPosition {
  readonly contactId: number | null;
  readonly email: string;
}

/** What to list. */
export interface AddressFilter {
  readonly state: ListedState | undefined;
  readonly after: ListPosition;
  readonly limit: number;
}

type Part = { readonly afterId: number; readonly upToId: number };

/** One request looks through so many ranges of contacts; the next one continues there. */
const MAX_PARTS = 250;
const FIRST_EMAIL = '';

const WAITS = 'a.dirty_since IS NOT NULL OR a.removal IS NOT NULL OR a.verify_at IS NOT NULL';

const STATE = `CASE
  WHEN c.passes_filter = 1 AND (a.park_code IS NOT NULL OR h.invalid_reason <> 'kind_not_selected') THEN 'failing'
  WHEN ${WAITS} THEN 'waiting'
  WHEN c.passes_filter = 0 OR h.invalid_reason IS NOT NULL OR a.consent <> 'mailable' THEN 'excluded'
  WHEN a.state = 'present' THEN 'in_sync'
  ELSE 'waiting' END`;

const CODE = `CASE
  WHEN a.park_code IS NOT NULL THEN a.park_code
  WHEN h.invalid_reason IS NOT NULL THEN h.invalid_reason
  WHEN a.removal = 'held' THEN 'waiting_for_confirmation'
  WHEN a.consent <> 'mailable' THEN a.consent
  WHEN c.passes_filter = 0 THEN 'filter'
  ELSE NULL END`;

const SINCE = 'COALESCE(a.parked_at, a.dirty_since, a.list_learned_at, a.global_learned_at, c.updated_at)';

/** Parts that can have an address of the state: an address of a failing contact may have any. */
const PART_CONDITIONS: Readonly<Record<ListedState, string>> = {
  failing: 'failing > 0 OR is_stale = 1',
  waiting: 'waiting > 0 OR failing > 0 OR is_stale = 1',
  excluded: 'total > 0 OR is_stale = 1',
  in_sync: 'total > 0 OR is_stale = 1',
};

/** Lists the addresses of an account for the operator, and lets failing ones be tried again. */
// SQL by hand: the rows join three tables, and their state is an expression.
@Injectable()
export class AddressViewStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Lists addresses in the order of contacts, then those that no contact holds and that wait or fail. Returns fewer than `limit` when
   * the ranges of contacts that one request may read are used up: `next` says where to go on; it is undefined at the end.
   */
  async list(accountId: number, filter: AddressFilter): Promise<{ addresses: ListedAddress[]; next: ListPosition | undefined }> {
    const { after, limit } = filter;
    const addresses: ListedAddress[] = [];
    if (after.contactId !== null) {
      const parts = await this.listParts(accountId, filter.state, after.contactId);
      for (const part of parts) {
        addresses.push(...(await this.listPart(accountId, part, { ...filter, limit: limit - addresses.length })));
        const last = addresses.at(-1);
        if (addresses.length === limit && last) return { addresses, next: { contactId: last.contactId, email: last.email } };
      }
      const end = parts.at(-1);
      if (parts.length === MAX_PARTS && end) return { addresses, next: { contactId: end.upToId + 1, email: FIRST_EMAIL } };
    }
    addresses.push(...(await this.listUnheld(accountId, { ...filter, limit: limit - addresses.length })));
    const last = addresses.at(-1);
    return { addresses, next: addresses.length === limit && last ? { contactId: last.contactId, email: last.email } : undefined };
  }

  /** Lists the valid addresses that the contact holds. */
  async listOfContact(accountId: number, contactId: number): Promise<string[]> {
    const sql = 'SELECT email FROM contact_addresses WHERE account_id = ? AND contact_id = ? AND invalid_reason IS NULL';
    return (await this.database.query<{ email: string }>(sql, [accountId, contactId])).map(({ email }) => email);
  }

  /** Makes known addresses be pushed again, parked ones too. Call it inside a transaction. Returns how many there are. */
  async retry(accountId: number, emails: readonly string[]): Promise<number> {
    const known: string[] = [];
    for (const email of emails) {
      const rows = await this.database.query('SELECT email FROM addresses WHERE account_id = ? AND email = ?', [accountId, email]);
      if (rows.length > 0) known.push(email);
    }
    await executeIn(
      this.database,
      `UPDATE addresses SET pushed_hash = NULL, difference_hash = NULL, retry_at = CASE WHEN parked_at IS NULL THEN retry_at ELSE ? END
        WHERE account_id = ? AND email IN (?)`,
      [this.clock.nowMs(), accountId],
      known,
    );
    await markDirty(this.database, accountId, known, { nowMs: this.clock.nowMs(), cause: 'reread' });
    return known.length;
  }

  /** Makes every parked address be tried again. Call it inside a transaction. Returns how many there are. */
  async retryParked(accountId: number): Promise<number> {
    const nowMs = this.clock.nowMs();
    const count = await this.database.execute(
      `UPDATE addresses SET dirty_cause = CASE WHEN dirty_since IS NULL THEN 'reread' ELSE dirty_cause END,
              dirty_since = COALESCE(dirty_since, ?), retry_at = ?, pushed_hash = NULL
        WHERE account_id = ? AND parked_at IS NOT NULL`,
      [nowMs, nowMs, accountId],
    );
    if (count > 0) await markAllPartsStale(this.database, accountId);
    return count;
  }

  private async listParts(accountId: number, state: ListedState | undefined, afterContactId: number): Promise<Part[]> {
    const condition = state === undefined ? '1 = 1' : PART_CONDITIONS[state];
    return this.database.query<Part>(
      `SELECT after_id AS afterId, up_to_id AS upToId FROM contact_parts
        WHERE account_id = ? AND up_to_id >= ? AND (${condition}) ORDER BY after_id LIMIT ${MAX_PARTS}`,
      [accountId, afterContactId],
    );
  }

  private async listPart(accountId: number, { afterId, upToId }: Part, { state, after, limit }: AddressFilter): Promise<ListedAddress[]> {
    const from = after.contactId ?? 0;
    const condition = state === undefined ? '' : ` AND ${STATE} = ?`;
    const params: SqlValue[] = [accountId, afterId, upToId, from, from, after.email, ...(state === undefined ? [] : [state])];
    return this.select(
      `SELECT h.contact_id AS contactId, h.email AS email, ${STATE} AS state, ${CODE} AS code, a.park_cause AS cause,
              COALESCE(a.park_attempts, 0) AS attempts, ${SINCE} AS since
         FROM contact_addresses h
         JOIN contacts c ON c.account_id = h.account_id AND c.contact_id = h.contact_id
         LEFT JOIN addresses a ON a.account_id = h.account_id AND a.email = h.email
        WHERE h.account_id = ? AND h.contact_id > ? AND h.contact_id <= ? AND c.is_deleted = 0
          AND (h.contact_id > ? OR (h.contact_id = ? AND h.email > ?))${condition}
        ORDER BY h.contact_id, h.email LIMIT ?`,
      [...params, limit],
    );
  }

  private async listUnheld(accountId: number, { state, after, limit }: AddressFilter): Promise<ListedAddress[]> {
    if (state === 'excluded' || state === 'in_sync' || limit === 0) return [];
    const afterEmail = after.contactId === null ? after.email : FIRST_EMAIL;
    const sources = [
      ...(state === 'waiting' ? [] : ['a.parked_at IS NOT NULL']),
      ...(state === 'failing'
        ? []
        : ['a.dirty_since IS NOT NULL AND a.parked_at IS NULL', 'a.removal IS NOT NULL AND a.parked_at IS NULL AND a.dirty_since IS NULL']),
    ];
    const found: ListedAddress[] = [];
    for (const source of sources) {
      found.push(
        ...(await this.select(
          `SELECT NULL AS contactId, a.email AS email, CASE WHEN a.park_code IS NULL THEN 'waiting' ELSE 'failing' END AS state,
                  COALESCE(a.park_code, CASE WHEN a.removal = 'held' THEN 'waiting_for_confirmation' ELSE NULL END) AS code,
                  a.park_cause AS cause, a.park_attempts AS attempts, COALESCE(a.parked_at, a.dirty_since) AS since
             FROM addresses a
            WHERE a.account_id = ? AND ${source} AND a.email > ?
              AND NOT EXISTS (SELECT 1 FROM contact_addresses h WHERE h.account_id = a.account_id AND h.email = a.email)
            ORDER BY a.email LIMIT ?`,
          [accountId, afterEmail, limit],
        )),
      );
    }
    return found.sort((one, other) => (one.email < other.email ? -1 : 1)).slice(0, limit);
  }

  private async select(sql: string, params: readonly SqlValue[]): Promise<ListedAddress[]> {
    return this.database.query<ListedAddress>(sql, params);
  }
}
