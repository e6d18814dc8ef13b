import {
  type AddressHolder,
  type AddressOrigin,
  type AddressRecord,
  type AddressState,
  type Clock,
  MAX_ROWS_PER_CALL,
  OUTCOME_UNKNOWN,
  type MailingConsent,
  type PushedAddress,
  groupBy,
} from '#domain';
import type { Database } from '../database.js';
import { executeIn, incoming, queryIn, upsertRows } from '../sql.js';
import { markDirty } from './dirty-mark.js';

/** An address whose Unisender row may differ from what the mirror says. */
export interface DirtyAddress extends AddressRecord {
  readonly holder: AddressHolder | undefined;
  /** When it was first sent, epoch ms; null when it never was. */
  readonly firstSentAt: number | null;
  /** Whether an export showed it on the account's list. */
  readonly isSeenOnList: boolean;
}

/** What waits to be told. */
export interface DirtyBacklog {
  /** Counted up to 500. */
  readonly rows: number;
  readonly oldestSince: number | null;
}

/** One row of a Unisender export. */
export interface ExportedAddress {
  readonly email: string;
  /** Undefined when it says nothing: what is known stands. */
  readonly consent: MailingConsent | undefined;
  readonly onOurList: boolean;
}

interface RecordRow {
  readonly email: string;
  readonly origin: AddressOrigin;
  readonly state: AddressState;
  readonly pushed_hash: string | null;
  readonly consent: MailingConsent;
  readonly own_list_id: number | null;
}

interface DirtyRow extends RecordRow {
  readonly first_sent_at: number | null;
  readonly seen_at: number | null;
  readonly holder_id: number | null;
}

interface HolderRow {
  readonly contact_id: number;
  readonly name: string;
  readonly fields: string;
}

const toRecord = ({ email, origin, state, pushed_hash, consent, own_list_id }: RecordRow): AddressRecord => ({
  email,
  origin,
  state,
  pushedHash: pushed_hash,
  consent,
  ownListId: own_list_id,
});

/** The other half of the mirror: what Unisender was told of each address, and what an export showed. Telling it clears the dirty mark. */
export class AddressStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Marks addresses as perhaps differing from what Unisender was told; an older mark stands. */
  async markDirty(accountId: number, emails: readonly string[]): Promise<void> {
    await markDirty(this.database, accountId, emails, this.clock.nowMs());
  }

  /** Marks everything that was told, for the list is another one now. Who stands on it is to be learnt. */
  async changeList(accountId: number): Promise<void> {
    await this.database.execute(`UPDATE addresses SET seen_at = NULL WHERE account_id = ? AND seen_at IS NOT NULL`, [accountId]);
    await this.database.execute(
      `UPDATE addresses SET dirty_since = COALESCE(dirty_since, ?), pushed_hash = NULL WHERE account_id = ? AND state = 'present'`,
      [this.clock.nowMs(), accountId],
    );
  }

  /** Forgets that addresses are on lists of ours that do not exist any more. Returns how many were. */
  async forgetLostLists(accountId: number, existingIds: readonly number[]): Promise<number> {
    const owned = await this.database.query<{ own_list_id: number }>(
      `SELECT DISTINCT own_list_id FROM addresses WHERE account_id = ? AND own_list_id IS NOT NULL`,
      [accountId],
    );
    const lost = owned.map(({ own_list_id }) => own_list_id).filter((id) => !existingIds.includes(id));
    let forgotten = 0;
    for (const listId of lost) {
      forgotten += await this.database.execute(`UPDATE addresses SET own_list_id = NULL WHERE account_id = ? AND own_list_id = ?`, [
        accountId,
        listId,
      ]);
    }
    return forgotten;
  }

  /**
   * Forgets what was told and learnt: another Unisender account stands behind the key now. Who unsubscribed stays so there too.
   * Addresses that contacts hold are dirty.
   */
  async forgetPushed(accountId: number): Promise<void> {
    await this.database.execute(`DELETE FROM addresses WHERE account_id = ? AND consent = 'mailable'`, [accountId]);
    await this.database.execute(
      `UPDATE addresses SET origin = 'unknown', state = 'absent', pushed_hash = NULL, rejected_code = NULL, first_sent_at = NULL, seen_at = NULL,
              own_list_id = NULL
        WHERE account_id = ?`,
      [accountId],
    );
    const held = await this.database.query<{ email: string }>(
      `SELECT DISTINCT email FROM contact_addresses WHERE account_id = ? AND invalid_reason IS NULL`,
      [accountId],
    );
    await markDirty(
      this.database,
      accountId,
      held.map(({ email }) => email),
      this.clock.nowMs(),
    );
  }

  /** The oldest dirty addresses, each with the contact that names it. At most `limit`. */
  async listDirty(accountId: number, limit: number): Promise<DirtyAddress[]> {
    const rows = await this.database.query<DirtyRow>(
      `SELECT a.email, a.origin, a.state, a.pushed_hash, a.consent, a.own_list_id, a.first_sent_at, a.seen_at,
              (SELECT MIN(h.contact_id) FROM contact_addresses h
                 JOIN contacts c ON c.account_id = h.account_id AND c.contact_id = h.contact_id
                WHERE h.account_id = a.account_id AND h.email = a.email AND h.invalid_reason IS NULL
                  AND c.state = 'living' AND c.passes_filter = 1) AS holder_id
         FROM addresses a
        WHERE a.account_id = ? AND a.dirty_since IS NOT NULL
        ORDER BY a.dirty_since, a.email LIMIT ?`,
      [accountId, limit],
    );
    const holders = await this.findHolders(
      accountId,
      rows.flatMap(({ holder_id }) => (holder_id === null ? [] : [holder_id])),
    );
    return rows.map((row) => ({
      ...toRecord(row),
      firstSentAt: row.first_sent_at,
      isSeenOnList: row.seen_at !== null,
      holder: row.holder_id === null ? undefined : holders.get(row.holder_id),
    }));
  }

  private async findHolders(accountId: number, contactIds: readonly number[]): Promise<Map<number, AddressHolder>> {
    const rows = await queryIn<HolderRow>(
      this.database,
      'SELECT contact_id, name, fields FROM contacts WHERE account_id = ? AND contact_id IN (?)',
      [accountId],
      [...new Set(contactIds)],
    );
    return new Map(
      rows.map(({ contact_id, name, fields }) => [contact_id, { name, fields: JSON.parse(fields) as Record<string, string> }]),
    );
  }

  /** How many of the addresses wait to be told. */
  async countDirtyAmong(accountId: number, emails: readonly string[]): Promise<number> {
    const sql = 'SELECT email FROM addresses WHERE account_id = ? AND dirty_since IS NOT NULL AND email IN (?)';
    return (await queryIn(this.database, sql, [accountId], emails)).length;
  }

  /** How much waits to be told, and since when. */
  async findBacklog(accountId: number): Promise<DirtyBacklog> {
    const rows = await this.database.query<{ dirty_since: number }>(
      `SELECT dirty_since FROM addresses WHERE account_id = ? AND dirty_since IS NOT NULL ORDER BY dirty_since LIMIT ?`,
      [accountId, MAX_ROWS_PER_CALL],
    );
    return { rows: rows.length, oldestSince: rows[0]?.dirty_since ?? null };
  }

  /** Notes, before the call, that addresses are about to be sent as new: what a lost answer leaves open can be told later. */
  async markSent(accountId: number, emails: readonly string[]): Promise<void> {
    await executeIn(
      this.database,
      `UPDATE addresses SET first_sent_at = COALESCE(first_sent_at, ?), pushed_hash = ? WHERE account_id = ? AND email IN (?)`,
      [this.clock.nowMs(), OUTCOME_UNKNOWN, accountId],
      emails,
    );
  }

  /** Notes, before a call that changes or removes addresses, that its answer is not known yet. */
  async markOutcomeUnknown(accountId: number, emails: readonly string[]): Promise<void> {
    await executeIn(
      this.database,
      `UPDATE addresses SET pushed_hash = ? WHERE account_id = ? AND email IN (?)`,
      [OUTCOME_UNKNOWN, accountId],
      emails,
    );
  }

  /** Records what Unisender answered. Clears the dirty mark; leaves the consent, which Unisender's hooks write at any time. */
  async recordPushed(accountId: number, told: readonly PushedAddress[]): Promise<void> {
    if (told.length === 0) return;
    const nowMs = this.clock.nowMs();
    await upsertRows(this.database, {
      table: 'addresses',
      columns: ['account_id', 'email', 'state', 'origin', 'pushed_hash', 'rejected_code', 'own_list_id', 'dirty_since', 'updated_at'],
      key: ['account_id', 'email'],
      update: incoming('state', 'origin', 'pushed_hash', 'rejected_code', 'own_list_id', 'dirty_since', 'updated_at'),
      rows: told.map(({ email, state, origin, pushedHash, rejectedCode, ownListId }) => [
        accountId,
        email,
        state,
        origin,
        pushedHash,
        rejectedCode,
        ownListId,
        null,
        nowMs,
      ]),
    });
    const neverSent = told.filter(({ origin }) => origin === 'unknown').map(({ email }) => email);
    await executeIn(
      this.database,
      `UPDATE addresses SET first_sent_at = NULL WHERE account_id = ? AND email IN (?)`,
      [accountId],
      neverSent,
    );
    const absent = told.filter(({ state }) => state === 'absent').map(({ email }) => email);
    await executeIn(this.database, `UPDATE addresses SET seen_at = NULL WHERE account_id = ? AND email IN (?)`, [accountId], absent);
  }

  /** Takes the mark from addresses of which Unisender need not be told. */
  async clearDirty(accountId: number, emails: readonly string[]): Promise<void> {
    await executeIn(this.database, `UPDATE addresses SET dirty_since = NULL WHERE account_id = ? AND email IN (?)`, [accountId], emails);
  }

  /**
   * Learns rows of an export: what stood there before us, and who is unsubscribed. `seenAtMs` is when the export was asked for:
   * who unsubscribed since stays so.
   */
  async saveExported(accountId: number, rows: readonly ExportedAddress[], seenAtMs: number): Promise<void> {
    const left = { sql: `CASE WHEN addresses.updated_at >= ${Math.trunc(seenAtMs)} THEN addresses.consent ELSE 'mailable' END` };
    for (const [consent, group] of groupBy(rows, (row) => row.consent)) {
      const known = consent === undefined ? { sql: 'addresses.consent' } : consent === 'mailable' ? left : 'incoming';
      await this.saveSeen(accountId, group, seenAtMs, known);
    }
  }

  private async saveSeen(
    accountId: number,
    rows: readonly ExportedAddress[],
    seenAtMs: number,
    consent: 'incoming' | { readonly sql: string },
  ): Promise<void> {
    if (rows.length === 0) return;
    await upsertRows(this.database, {
      table: 'addresses',
      columns: ['account_id', 'email', 'origin', 'consent', 'seen_at', 'updated_at'],
      key: ['account_id', 'email'],
      update: {
        origin: { sql: `CASE WHEN addresses.first_sent_at IS NULL THEN 'preexisting' ELSE addresses.origin END` },
        consent,
        seen_at: 'incoming',
      },
      rows: rows.map(({ email, consent, onOurList }) => [
        accountId,
        email,
        'preexisting',
        consent ?? 'mailable',
        onOurList ? seenAtMs : null,
        seenAtMs,
      ]),
    });
  }

  /** Marks addresses that we told before the export was asked for and that it did not show on our list: they are told again. */
  async markUnseenDirty(accountId: number, seenAtMs: number): Promise<number> {
    return this.database.execute(
      `UPDATE addresses SET dirty_since = COALESCE(dirty_since, ?), pushed_hash = NULL
        WHERE account_id = ? AND state = 'present' AND consent = 'mailable' AND updated_at < ? AND (seen_at IS NULL OR seen_at < ?)`,
      [this.clock.nowMs(), accountId, seenAtMs, seenAtMs],
    );
  }

  /** What Unisender was told of addresses, for a look without a change. */
  async listRecords(accountId: number, emails: readonly string[]): Promise<Map<string, AddressRecord>> {
    const rows = await queryIn<RecordRow>(
      this.database,
      'SELECT email, origin, state, pushed_hash, consent, own_list_id FROM addresses WHERE account_id = ? AND email IN (?)',
      [accountId],
      emails,
    );
    return new Map(rows.map((row) => [row.email, toRecord(row)]));
  }
}
