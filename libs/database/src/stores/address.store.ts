import { Injectable } from '@nestjs/common';
import { type AddressHolder, type AddressRecord, Clock, type DirtyCause, type ConsentView, MAX_ROWS_PER_CALL } from '#domain';
import { Database } from '../database.js';
import { AddressEntity } from '../entities/address.entity.js';
import { type Field, executeIn, fieldList, hydrate, incoming, queryIn, selectRows, selectRowsIn, upsertRows } from '../entity-sql.js';
import { KEPT_REMOVAL, markAllPartsStale, markDirty, markPartsStaleByEmail } from './marks.js';

const recordFields = ['email', 'origin', 'state', 'pushedHash', 'consent', 'ownListId'] as const satisfies readonly Field<AddressEntity>[];

const dirtyFields = [
  ...recordFields,
  'isManual',
  'writtenFields',
  'differenceHash',
  'firstSentAt',
  'lastSentAt',
  'verifyAt',
  'lateListIds',
  'seenAt',
  'lookedAt',
  'addedAt',
  'exportedAddedAt',
  'isOnOtherLists',
  'parkStep',
  'parkAttempts',
  'parkedAt',
  'retryAt',
  'dirtySince',
  'dirtyCause',
  'removal',
  'removalRunId',
  'updatedAt',
] as const satisfies readonly Field<AddressEntity>[];

/** Holds an address that the operator added and that no contact holds. */
const OPERATOR: AddressHolder = { name: '', fields: {} };

/** An address whose row in Unisender may differ from the mirror. */
export interface DirtyAddress extends Pick<AddressEntity, (typeof dirtyFields)[number]> {
  /** The contact of the lowest id, or the operator. */
  readonly holder: AddressHolder | undefined;
  /** Whether an export or a look showed it on the account's list. */
  readonly isSeenOnList: boolean;
}

/** A row of addresses with its holder, as it is read. */
interface HeldRow extends Pick<AddressEntity, (typeof dirtyFields)[number]> {
  readonly holderName: string | null;
  readonly holderFields: string;
  isSeenOnList?: boolean;
  holder?: AddressHolder | undefined;
}

const noFields: AddressHolder['fields'] = {};

/** The addresses that wait for a push. */
export interface DirtyBacklog {
  /** Counted up to 500. */
  readonly rows: number;
  /** Epoch milliseconds; null when no address waits. */
  readonly oldestSince: number | null;
}

/** One row of a Unisender export. */
export interface ExportedAddress {
  readonly email: string;
  readonly view: ConsentView;
  /** Whether our list has it, also when it unsubscribed from that. */
  readonly isOnOurList: boolean;
  readonly isOnOtherLists: boolean;
  /** When Unisender got it, in epoch milliseconds if exports are in UTC; null when the row does not say. */
  readonly addedAt: number | null;
  /** The cells of the row by Unisender's field names. */
  readonly values: Readonly<Record<string, string>>;
}

/** Must come before the change of `dirty_since`: MySQL assigns from left to right. */
const causeSql = (cause: DirtyCause) =>
  `dirty_cause = CASE WHEN dirty_since IS NOT NULL AND dirty_cause = 'event' THEN 'event' ELSE '${cause}' END`;

/**
 * The mirror of Unisender: which addresses must be pushed, and what an export showed.
 * Lists of e-mails may have any length. Call the methods that write inside one transaction with their cause.
 */
// SQL by hand: imports and pushes write hundreds of rows per statement, and most statements update a set of rows.
@Injectable()
export class AddressStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Marks addresses dirty: Unisender may differ from the mirror. An older mark stays. */
  async markDirty(accountId: number, emails: readonly string[], cause: DirtyCause): Promise<void> {
    await markDirty(this.database, accountId, emails, { nowMs: this.clock.nowMs(), cause });
  }

  /** Marks every pushed address dirty because the account has another list now. Forgets which addresses were seen on the old one. */
  async changeList(accountId: number): Promise<void> {
    await this.database.execute(`UPDATE addresses SET seen_at = NULL WHERE account_id = ? AND seen_at IS NOT NULL`, [accountId]);
    await this.database.execute(
      `UPDATE addresses SET ${causeSql('settings')}, dirty_since = COALESCE(dirty_since, ?), pushed_hash = NULL
        WHERE account_id = ? AND state = 'present'`,
      [this.clock.nowMs(), accountId],
    );
    await markAllPartsStale(this.database, accountId);
  }

  /** Forgets that addresses are on our lists that do not exist any more. Returns how many addresses changed. */
  async forgetLostLists(accountId: number, existingIds: readonly number[]): Promise<number> {
    const exists = (id: number) => existingIds.includes(id);
    const own = await this.replaceLists(accountId, 'own_list_id', (id) => (exists(Number(id)) ? id : null));
    const late = await this.replaceLists(accountId, 'late_list_ids', (text) => {
      const left = (JSON.parse(text) as number[]).filter(exists);
      return left.length === 0 ? null : JSON.stringify(left);
    });
    return own + late;
  }

  /** Replaces each value of a column. Returns how many addresses changed. */
  private async replaceLists(accountId: number, column: string, replace: (value: string) => string | null): Promise<number> {
    let changed = 0;
    const known = await this.database.query<{ value: string | number }>(
      `SELECT DISTINCT ${column} AS value FROM addresses WHERE account_id = ? AND ${column} IS NOT NULL`,
      [accountId],
    );
    for (const { value } of known) {
      const next = replace(String(value));
      if (next === String(value)) continue;
      changed += await this.database.execute(`UPDATE addresses SET ${column} = ? WHERE account_id = ? AND ${column} = ?`, [
        next,
        accountId,
        value,
      ]);
    }
    return changed;
  }

  /**
   * Forgets every push and export because the key belongs to another Unisender account now. Unsubscribed addresses stay
   * unsubscribed. Addresses that contacts hold become dirty.
   */
  async forgetPushed(accountId: number): Promise<void> {
    await this.database.execute(`DELETE FROM addresses WHERE account_id = ? AND consent = 'mailable' AND is_manual = 0`, [accountId]);
    await this.keepRefusalsOfFormerAccount(accountId);
    await this.database.execute(
      `UPDATE addresses SET origin = 'unknown', state = 'absent', pushed_hash = NULL, written_fields = NULL, difference_hash = NULL,
              first_sent_at = NULL, verify_at = NULL, own_list_id = NULL, late_list_ids = NULL, seen_at = NULL, looked_at = NULL, added_at = NULL,
              exported_added_at = NULL, is_on_other_lists = 0,
              park_step = NULL, park_code = NULL, park_cause = NULL, park_attempts = 0, parked_at = NULL, retry_at = NULL, due_at = NULL,
              removal = NULL, removal_run_id = NULL
        WHERE account_id = ?`,
      [accountId],
    );
    const held = await this.database.query<{ email: string }>(
      `SELECT DISTINCT email FROM contact_addresses WHERE account_id = ? AND invalid_reason IS NULL`,
      [accountId],
    );
    const manual = await this.database.query<{ email: string }>(`SELECT email FROM addresses WHERE account_id = ? AND is_manual = 1`, [
      accountId,
    ]);
    const emails = [...new Set([...held, ...manual].map(({ email }) => email))];
    await markDirty(this.database, accountId, emails, { nowMs: this.clock.nowMs(), cause: 'settings' });
  }

  /** The new Unisender account proves nothing about a refusal of the whole former one, which was also one of our list there. */
  private async keepRefusalsOfFormerAccount(accountId: number): Promise<void> {
    for (const table of ['addresses', 'erased_refusals']) {
      await this.database.execute(
        `UPDATE ${table} SET list_refusal = global_refusal, list_refused_at = global_refused_at, list_learned_at = global_learned_at
          WHERE account_id = ? AND global_refusal IS NOT NULL AND list_refusal IS NULL`,
        [accountId],
      );
      await this.database.execute(
        `UPDATE ${table} SET global_refusal = NULL, global_refused_at = NULL, global_learned_at = NULL, global_unproven = 0, list_unproven = 0
          WHERE account_id = ? AND (global_refusal IS NOT NULL OR list_unproven = 1)`,
        [accountId],
      );
    }
  }

  /** Lists the oldest dirty addresses, each with the existing contact of the lowest id that holds it. */
  async listDirty(accountId: number, limit: number): Promise<DirtyAddress[]> {
    const tail = 'WHERE account_id = ? AND dirty_since IS NOT NULL ORDER BY dirty_since, email LIMIT ?';
    const rows = await this.database.query<HeldRow>(`${this.heldSql(tail)} ORDER BY a.dirtySince, a.email`, [accountId, limit]);
    return this.toDirty(rows);
  }

  /** Lists known addresses among `emails`, dirty or not, each with the existing contact of the lowest id that holds it. */
  async listWithHolders(accountId: number, emails: readonly string[]): Promise<DirtyAddress[]> {
    const sql = this.heldSql('WHERE account_id = ? AND email IN (?)');
    return this.toDirty(await queryIn<HeldRow>(this.database, sql, [accountId], emails));
  }

  /** Returns until when an earlier call about the address may take effect, epoch milliseconds; undefined when none may any more. */
  async findOpenCall(accountId: number, email: string): Promise<number | undefined> {
    // By the database's clock, as the time was set.
    const tail = 'WHERE account_id = ? AND email = ? AND verify_at > ?';
    const params = [accountId, email, await this.database.nowMs()];
    const [open] = await selectRows(this.database, { entity: AddressEntity, fields: ['verifyAt'], tail, params });
    return open?.verifyAt ?? undefined;
  }

  /** Whether an address of the account was pushed to the present Unisender account. */
  async hasPushed(accountId: number): Promise<boolean> {
    const tail = "WHERE account_id = ? AND (first_sent_at IS NOT NULL OR state = 'present') LIMIT 1";
    return (await selectRows(this.database, { entity: AddressEntity, fields: ['email'], tail, params: [accountId] })).length > 0;
  }

  /** Counts the addresses among `emails` that are dirty. */
  async countDirtyAmong(accountId: number, emails: readonly string[]): Promise<number> {
    const tail = 'WHERE account_id = ? AND dirty_since IS NOT NULL AND email IN (?)';
    const rows = await selectRowsIn(this.database, { entity: AddressEntity, fields: ['email'], tail, params: [accountId] }, emails);
    return rows.length;
  }

  /** Counts dirty addresses, up to 500, and finds the oldest mark. */
  async findBacklog(accountId: number): Promise<DirtyBacklog> {
    const [backlog] = await this.database.query<DirtyBacklog>(
      `SELECT COUNT(*) AS \`rows\`, MIN(dirty_since) AS oldestSince
         FROM (SELECT dirty_since FROM addresses WHERE account_id = ? AND dirty_since IS NOT NULL ORDER BY dirty_since LIMIT ?) AS oldest`,
      [accountId, MAX_ROWS_PER_CALL],
    );
    return backlog ?? { rows: 0, oldestSince: null };
  }

  /** Clears the dirty mark of addresses that need no push. */
  async clearDirty(accountId: number, emails: readonly string[]): Promise<void> {
    const sql = `UPDATE addresses SET dirty_since = NULL, removal_run_id = ${KEPT_REMOVAL.removalRunId}, removal = ${KEPT_REMOVAL.removal}
                  WHERE account_id = ? AND email IN (?)`;
    await executeIn(this.database, sql, [accountId], emails);
    await markPartsStaleByEmail(this.database, accountId, emails);
  }

  /**
   * Stores rows of an export that was requested at `seenAtMs`: which addresses were in Unisender before us, and on which lists they
   * are.
   */
  async saveExported(accountId: number, rows: readonly ExportedAddress[], seenAtMs: number): Promise<void> {
    await upsertRows(this.database, {
      entity: AddressEntity,
      key: ['accountId', 'email'],
      update: {
        origin: { sql: `CASE WHEN addresses.first_sent_at IS NULL THEN 'preexisting' ELSE addresses.origin END` },
        ...incoming('seenAt', 'isOnOtherLists', 'lookedAt', 'exportedAddedAt'),
      },
      rows: rows.map(({ email, isOnOurList, isOnOtherLists, addedAt }) => ({
        accountId,
        email,
        origin: 'preexisting' as const,
        seenAt: isOnOurList ? seenAtMs : null,
        isOnOtherLists,
        lookedAt: seenAtMs,
        exportedAddedAt: addedAt,
        updatedAt: seenAtMs,
      })),
    });
  }

  /**
   * Marks addresses dirty that we pushed before the export was requested and that it did not show on our list. One that it did not show
   * at all is not in Unisender any more: its origin is unknown again. Returns how many.
   */
  async markUnseenDirty(accountId: number, seenAtMs: number): Promise<number> {
    const pushedBefore = `account_id = ? AND state = 'present' AND updated_at < ? AND verify_at IS NULL`;
    await this.database.execute(
      `UPDATE addresses SET origin = 'unknown', first_sent_at = NULL WHERE ${pushedBefore} AND (looked_at IS NULL OR looked_at < ?)`,
      [accountId, seenAtMs, seenAtMs],
    );
    const marked = await this.database.execute(
      `UPDATE addresses SET ${causeSql('run')}, dirty_since = COALESCE(dirty_since, ?), pushed_hash = NULL
        WHERE ${pushedBefore} AND consent = 'mailable' AND (seen_at IS NULL OR seen_at < ?)`,
      [this.clock.nowMs(), accountId, seenAtMs, seenAtMs],
    );
    if (marked > 0) await markAllPartsStale(this.database, accountId);
    return marked;
  }

  /** Marks addresses dirty that are on our list although no contact holds them: a late call of ours put them there. */
  async markGhosts(accountId: number, emails: readonly string[]): Promise<void> {
    const sql = `UPDATE addresses SET state = 'present', pushed_hash = NULL, dirty_since = ?, dirty_cause = 'run'
                  WHERE account_id = ? AND email IN (?)`;
    await executeIn(this.database, sql, [this.clock.nowMs(), accountId], emails);
    await markPartsStaleByEmail(this.database, accountId, emails);
  }

  /** Marks addresses dirty that show other values than the accepted push. Remembers the push: it is repeated once. */
  async markDifferent(accountId: number, emails: readonly string[]): Promise<void> {
    const sql = `UPDATE addresses SET difference_hash = pushed_hash, pushed_hash = NULL, dirty_since = ?, dirty_cause = 'run'
                  WHERE account_id = ? AND email IN (?)`;
    await executeIn(this.database, sql, [this.clock.nowMs(), accountId], emails);
    await markPartsStaleByEmail(this.database, accountId, emails);
  }

  /** Forgets differences that a push has removed. */
  async forgetDifferences(accountId: number, emails: readonly string[]): Promise<void> {
    await executeIn(
      this.database,
      'UPDATE addresses SET difference_hash = NULL WHERE account_id = ? AND email IN (?)',
      [accountId],
      emails,
    );
  }

  /** Lists some addresses that we put on a list, of any origin. Those that a call without a response may have put there come last. */
  async listPut(accountId: number, limit: number): Promise<string[]> {
    const present = await this.listEmails("state = 'present'", accountId, limit);
    if (present.length === limit) return present;
    const isOpen = "due_at IS NOT NULL AND state = 'absent' AND late_list_ids IS NOT NULL";
    return [...present, ...(await this.listEmails(isOpen, accountId, limit - present.length))];
  }

  /** Returns the records of known addresses by their e-mail. */
  async listRecords(accountId: number, emails: readonly string[]): Promise<Map<string, AddressRecord>> {
    const tail = 'WHERE account_id = ? AND email IN (?)';
    const rows = await selectRowsIn(this.database, { entity: AddressEntity, fields: recordFields, tail, params: [accountId] }, emails);
    return new Map(rows.map((row) => [row.email, row]));
  }

  private async listEmails(condition: string, accountId: number, limit: number): Promise<string[]> {
    const tail = `WHERE account_id = ? AND ${condition} LIMIT ?`;
    const rows = await selectRows(this.database, { entity: AddressEntity, fields: ['email'], tail, params: [accountId, limit] });
    return rows.map(({ email }) => email);
  }

  /** `tail` selects the addresses. */
  private heldSql(tail: string): string {
    const list = fieldList(this.database, AddressEntity, dirtyFields);
    return `SELECT ${dirtyFields.map((field) => `a.${field}`).join(', ')}, c.name AS holderName, c.fields AS holderFields
              FROM (SELECT account_id, ${list} FROM addresses ${tail}) a
              LEFT JOIN contacts c ON c.account_id = a.account_id AND c.contact_id = (
                SELECT MIN(h.contact_id) FROM contact_addresses h
                  JOIN contacts k ON k.account_id = h.account_id AND k.contact_id = h.contact_id
                 WHERE h.account_id = a.account_id AND h.email = a.email AND h.invalid_reason IS NULL
                   AND k.is_deleted = 0 AND k.passes_filter = 1)`;
  }

  /** The rows become the addresses: copies of so many fields would take as long as reading them. */
  private toDirty(rows: HeldRow[]): DirtyAddress[] {
    hydrate(this.database, AddressEntity, dirtyFields, rows);
    for (const row of rows) {
      row.isSeenOnList = row.seenAt !== null;
      row.holder = toHolder(row);
    }
    return rows as DirtyAddress[];
  }
}

function toHolder({ holderName, holderFields, isManual }: HeldRow): AddressHolder | undefined {
  if (holderName === null) return isManual ? OPERATOR : undefined;
  return { name: holderName, fields: holderFields === '{}' ? noFields : (JSON.parse(holderFields) as AddressHolder['fields']) };
}
