import { Injectable } from '@nestjs/common';
import {
  type AddressHolder,
  type AddressRecord,
  Clock,
  type DirtyCause,
  type ConsentView,
  MAX_ROWS_PER_CALL,
  OUTCOME_UNKNOWN,
  type PushedAddress,
  type RemovalMark,
} from '#domain';
import { Database } from '../database.js';
import { AddressEntity } from '../entities/address.entity.js';
import { ContactEntity } from '../entities/contact.entity.js';
import { executeIn, fieldList, incoming, selectRows, selectRowsIn, upsertRows } from '../entity-sql.js';
import { markDirty } from './mark-dirty.js';
import { markAllPartsStale, markPartsStaleByEmail } from './stale-parts.js';

/** An address whose row in Unisender may differ from the mirror. */
export interface DirtyAddress extends AddressRecord {
  readonly holder: AddressHolder | undefined;
  /** When it was first sent, in epoch milliseconds; null when it never was. */
  readonly firstSentAt: number | null;
  /** Whether an export showed it on the account's list. */
  readonly isSeenOnList: boolean;
  readonly dirtyCause: DirtyCause | null;
  readonly removal: RemovalMark | null;
}

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
}

type DirtyRow = AddressRecord &
  Pick<AddressEntity, 'firstSentAt' | 'seenAt' | 'dirtyCause' | 'removal'> & { readonly holderId: number | null };

/** Must come before the change of `dirty_since`: MySQL assigns from left to right. */
const causeSql = (cause: DirtyCause) =>
  `dirty_cause = CASE WHEN dirty_since IS NOT NULL AND dirty_cause = 'event' THEN 'event' ELSE '${cause}' END`;

const recordFields = ['email', 'origin', 'state', 'pushedHash', 'consent', 'ownListId'] as const;

/**
 * The mirror of Unisender: what was pushed for each address, and what an export showed. A recorded push clears the dirty mark.
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
    const owned = await this.database.query<{ listId: number }>(
      `SELECT DISTINCT own_list_id AS listId FROM addresses WHERE account_id = ? AND own_list_id IS NOT NULL`,
      [accountId],
    );
    const lost = owned.map(({ listId }) => listId).filter((id) => !existingIds.includes(id));
    let forgotten = 0;
    for (const listId of lost) {
      const sql = `UPDATE addresses SET own_list_id = NULL WHERE account_id = ? AND own_list_id = ?`;
      forgotten += await this.database.execute(sql, [accountId, listId]);
    }
    return forgotten;
  }

  /**
   * Forgets every push and export because the key belongs to another Unisender account now. Unsubscribed addresses stay
   * unsubscribed. Addresses that contacts hold become dirty.
   */
  async forgetPushed(accountId: number): Promise<void> {
    await this.database.execute(`DELETE FROM addresses WHERE account_id = ? AND consent = 'mailable'`, [accountId]);
    await this.keepRefusalsOfFormerAccount(accountId);
    await this.database.execute(
      `UPDATE addresses SET origin = 'unknown', state = 'absent', pushed_hash = NULL, park_code = NULL, first_sent_at = NULL, seen_at = NULL,
              own_list_id = NULL
        WHERE account_id = ?`,
      [accountId],
    );
    const held = await this.database.query<{ email: string }>(
      `SELECT DISTINCT email FROM contact_addresses WHERE account_id = ? AND invalid_reason IS NULL`,
      [accountId],
    );
    const emails = held.map(({ email }) => email);
    await markDirty(this.database, accountId, emails, { nowMs: this.clock.nowMs(), cause: 'settings' });
  }

  /** The new Unisender account proves nothing about a refusal of the whole former one, which was also one of our list there. */
  private async keepRefusalsOfFormerAccount(accountId: number): Promise<void> {
    await this.database.execute(
      `UPDATE addresses SET list_refusal = global_refusal, list_refused_at = global_refused_at, list_learned_at = global_learned_at,
              list_unproven = 0
        WHERE account_id = ? AND global_refusal IS NOT NULL AND list_refusal IS NULL`,
      [accountId],
    );
    await this.database.execute(
      `UPDATE addresses SET global_refusal = NULL, global_refused_at = NULL, global_learned_at = NULL, global_unproven = 0, list_unproven = 0
        WHERE account_id = ? AND (global_refusal IS NOT NULL OR list_unproven = 1)`,
      [accountId],
    );
  }

  /** Lists the oldest dirty addresses, each with the existing contact of the lowest id that holds it. */
  async listDirty(accountId: number, limit: number): Promise<DirtyAddress[]> {
    const fields = fieldList(this.database, AddressEntity, [...recordFields, 'firstSentAt', 'seenAt', 'dirtyCause', 'removal'], 'a');
    const rows = await this.database.query<DirtyRow>(
      `SELECT ${fields},
              (SELECT MIN(h.contact_id) FROM contact_addresses h
                 JOIN contacts c ON c.account_id = h.account_id AND c.contact_id = h.contact_id
                WHERE h.account_id = a.account_id AND h.email = a.email AND h.invalid_reason IS NULL
                  AND c.is_deleted = 0 AND c.passes_filter = 1) AS holderId
         FROM addresses a
        WHERE a.account_id = ? AND a.dirty_since IS NOT NULL
        ORDER BY a.dirty_since, a.email LIMIT ?`,
      [accountId, limit],
    );
    const holderIds = rows.flatMap(({ holderId }) => (holderId === null ? [] : [holderId]));
    const holders = await this.findHolders(accountId, holderIds);
    return rows.map(({ holderId, seenAt, ...row }) => ({
      ...row,
      isSeenOnList: seenAt !== null,
      holder: holderId === null ? undefined : holders.get(holderId),
    }));
  }

  /** Counts the addresses among `emails` that are dirty. */
  async countDirtyAmong(accountId: number, emails: readonly string[]): Promise<number> {
    const tail = 'WHERE account_id = ? AND dirty_since IS NOT NULL AND email IN (?)';
    const rows = await selectRowsIn(this.database, { entity: AddressEntity, fields: ['email'], tail, params: [accountId] }, emails);
    return rows.length;
  }

  /** Counts dirty addresses, up to 500, and finds the oldest mark. */
  async findBacklog(accountId: number): Promise<DirtyBacklog> {
    const rows = await selectRows(this.database, {
      entity: AddressEntity,
      fields: ['dirtySince'],
      tail: 'WHERE account_id = ? AND dirty_since IS NOT NULL ORDER BY dirty_since LIMIT ?',
      params: [accountId, MAX_ROWS_PER_CALL],
    });
    return { rows: rows.length, oldestSince: rows[0]?.dirtySince ?? null };
  }

  /** Records before a call that it sends these addresses as new. If its response is lost, a later round can find out the result. */
  async markSent(accountId: number, emails: readonly string[]): Promise<void> {
    await executeIn(
      this.database,
      `UPDATE addresses SET first_sent_at = COALESCE(first_sent_at, ?), pushed_hash = ? WHERE account_id = ? AND email IN (?)`,
      [this.clock.nowMs(), OUTCOME_UNKNOWN, accountId],
      emails,
    );
  }

  /** Records before a call that it changes or removes these addresses. */
  async markOutcomeUnknown(accountId: number, emails: readonly string[]): Promise<void> {
    const sql = `UPDATE addresses SET pushed_hash = ? WHERE account_id = ? AND email IN (?)`;
    await executeIn(this.database, sql, [OUTCOME_UNKNOWN, accountId], emails);
  }

  /** Records the result of a push and clears the dirty mark. The consent stays: Unisender's webhooks write it at any time. */
  async recordPushed(accountId: number, pushed: readonly PushedAddress[]): Promise<void> {
    if (pushed.length === 0) return;
    const updatedAt = this.clock.nowMs();
    await upsertRows(this.database, {
      entity: AddressEntity,
      key: ['accountId', 'email'],
      update: incoming('state', 'origin', 'pushedHash', 'parkCode', 'ownListId', 'dirtySince', 'removal', 'removalRunId', 'updatedAt'),
      rows: pushed.map(({ email, state, origin, pushedHash, rejectedCode, ownListId }) => ({
        accountId,
        email,
        state,
        origin,
        pushedHash,
        parkCode: rejectedCode,
        ownListId,
        dirtySince: null,
        removal: null,
        removalRunId: null,
        updatedAt,
      })),
    });
    await markPartsStaleByEmail(
      this.database,
      accountId,
      pushed.map(({ email }) => email),
    );
    const neverSent = pushed.filter(({ origin }) => origin === 'unknown').map(({ email }) => email);
    await executeIn(
      this.database,
      `UPDATE addresses SET first_sent_at = NULL WHERE account_id = ? AND email IN (?)`,
      [accountId],
      neverSent,
    );
    const absent = pushed.filter(({ state }) => state === 'absent').map(({ email }) => email);
    await executeIn(this.database, `UPDATE addresses SET seen_at = NULL WHERE account_id = ? AND email IN (?)`, [accountId], absent);
  }

  /** Clears the dirty mark of addresses that need no push. */
  async clearDirty(accountId: number, emails: readonly string[]): Promise<void> {
    const sql = `UPDATE addresses SET dirty_since = NULL, removal = NULL, removal_run_id = NULL WHERE account_id = ? AND email IN (?)`;
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
        ...incoming('seenAt', 'isOnOtherLists', 'lookedAt'),
      },
      rows: rows.map(({ email, isOnOurList, isOnOtherLists }) => ({
        accountId,
        email,
        origin: 'preexisting' as const,
        seenAt: isOnOurList ? seenAtMs : null,
        isOnOtherLists,
        lookedAt: seenAtMs,
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

  /** Returns the records of known addresses by their e-mail. */
  async listRecords(accountId: number, emails: readonly string[]): Promise<Map<string, AddressRecord>> {
    const tail = 'WHERE account_id = ? AND email IN (?)';
    const rows = await selectRowsIn(this.database, { entity: AddressEntity, fields: recordFields, tail, params: [accountId] }, emails);
    return new Map(rows.map((row) => [row.email, row]));
  }

  private async findHolders(accountId: number, contactIds: readonly number[]): Promise<Map<number, AddressHolder>> {
    const rows = await selectRowsIn(
      this.database,
      {
        entity: ContactEntity,
        fields: ['contactId', 'name', 'fields'],
        tail: 'WHERE account_id = ? AND contact_id IN (?)',
        params: [accountId],
      },
      [...new Set(contactIds)],
    );
    return new Map(rows.map(({ contactId, ...holder }) => [contactId, holder]));
  }
}
