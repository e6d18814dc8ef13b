import { Injectable } from '@nestjs/common';
import { Clock, activeStates } from '#domain';
import { Database } from '../database.js';
import { AddressEntity } from '../entities/address.entity.js';
import { RemovalCountEntity } from '../entities/removal-count.entity.js';
import { executeIn, forUpdate, placeholders, queryIn, selectRows, upsertRows } from '../entity-sql.js';
import type { SqlValue } from '../session.js';
import { markAllPartsStale, markPartsStale } from './marks.js';

/** Removals that wait: those of re-reads only, or all that are not held. */
export type PlannedScope = 'rereads' | 'all';

const MINUTE_MS = 60_000;
const HOUR_MINUTES = 60;

/** A contact that gives the address `addresses.email` a place on the list. */
const HOLDER = `SELECT 1 FROM contact_addresses h
                  JOIN contacts c ON c.account_id = h.account_id AND c.contact_id = h.contact_id
                 WHERE h.account_id = addresses.account_id AND h.email = addresses.email AND h.invalid_reason IS NULL
                   AND c.is_deleted = 0 AND c.passes_filter = 1`;

/** A late call may have changed or removed the address while its removal waited: its values are compared again. */
const FORGET = 'UPDATE addresses SET removal = NULL, removal_run_id = NULL, dirty_since = COALESCE(dirty_since, ?)';

/** Addresses that a removal takes off the list: unsubscribed ones and those that the operator added stay. */
const REMOVABLE = `(addresses.state = 'present' OR addresses.verify_at IS NOT NULL OR addresses.pushed_hash = 'outcome_unknown')
                   AND addresses.consent = 'mailable' AND addresses.is_manual = 0`;

/** Removals that wait for the confirmation of one run, or for its deletion of contacts. */
const OF_RUN = "removal IN ('held', 'approved') AND removal_run_id";

/** Puts removals into the push queue. */
const PASS = `UPDATE addresses SET removal = 'approved', removal_run_id = NULL, dirty_since = COALESCE(dirty_since, ?) WHERE account_id = ?`;

/** Approves removals that pass once the run has deleted the contacts. */
const WAIT_FOR_RUN = "UPDATE addresses SET removal = 'approved', removal_run_id = ? WHERE account_id = ?";

/** Plans removals anew. Only a decision about everything counts them: events do not bring the same question back at once. */
const PLAN_ANEW = "UPDATE addresses SET removal = 'planned', removal_run_id = NULL, dirty_cause = 'run' WHERE account_id = ?";

const toScopeSql = (scope: PlannedScope): string => (scope === 'rereads' ? " AND dirty_cause = 'reread'" : '');

/**
 * Removals before they are pushed: planned, approved, or held until a run is confirmed. Call the methods that write inside a
 * transaction. Times are epoch milliseconds.
 */
// SQL by hand: every statement changes or counts a set of rows.
@Injectable()
export class RemovalStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Makes other decisions about the account's removals wait until the transaction ends. */
  async lock(accountId: number): Promise<void> {
    await this.database.query(`SELECT account_id FROM accounts WHERE account_id = ?${forUpdate(this.database)}`, [accountId]);
  }

  /** Takes removals out of the push queue until they are decided. A held one stays held. */
  async setAside(accountId: number, emails: readonly string[]): Promise<void> {
    const sql = `UPDATE addresses SET removal = COALESCE(removal, 'planned'), dirty_since = NULL WHERE account_id = ? AND email IN (?)`;
    await executeIn(this.database, sql, [accountId], emails);
  }

  /** Plans the removal of addresses that only contacts hold which are missing from the run's read, for these contacts. */
  async planMissing(accountId: number, runId: string, contactIds: readonly number[]): Promise<void> {
    const rows = await queryIn<{ email: string }>(
      this.database,
      `SELECT DISTINCT addresses.email AS email FROM contact_addresses own
         JOIN addresses ON addresses.account_id = own.account_id AND addresses.email = own.email
        WHERE own.account_id = ? AND own.invalid_reason IS NULL AND addresses.removal IS NULL AND ${REMOVABLE}
          AND NOT EXISTS (${HOLDER} AND (c.missing_run_id IS NULL OR c.missing_run_id <> ?)) AND own.contact_id IN (?)`,
      [accountId, runId],
      contactIds,
    );
    const emails = rows.map(({ email }) => email);
    const sql = `UPDATE addresses SET removal = 'planned', dirty_cause = 'run' WHERE account_id = ? AND email IN (?)`;
    await executeIn(this.database, sql, [accountId], emails);
    await markPartsStale(this.database, accountId, rows.length > 0 ? contactIds : []);
  }

  /** Forgets planned removals of addresses that a contact holds which is not missing from this run's read. They become dirty. */
  async forgetHeldByContacts(accountId: number, { scope, runId }: { readonly scope: PlannedScope; readonly runId: string }): Promise<void> {
    const forgotten = await this.database.execute(
      `${FORGET} WHERE account_id = ? AND removal = 'planned'${toScopeSql(scope)}
          AND EXISTS (${HOLDER} AND (c.missing_run_id IS NULL OR c.missing_run_id <> ?))`,
      [this.clock.nowMs(), accountId, runId],
    );
    if (forgotten > 0) await markAllPartsStale(this.database, accountId);
  }

  /** Whether a re-read has planned a removal that is not decided. */
  async hasPlannedRereads(accountId: number): Promise<boolean> {
    const tail = "WHERE account_id = ? AND removal = 'planned' AND dirty_cause = 'reread' LIMIT 1";
    return (await selectRows(this.database, { entity: AddressEntity, fields: ['email'], tail, params: [accountId] })).length > 0;
  }

  /** Counts removals that are planned and not decided. */
  async countPlanned(accountId: number, scope: PlannedScope): Promise<number> {
    return this.count(`removal = 'planned'${toScopeSql(scope)}`, [accountId]);
  }

  /** Counts the removals of re-reads that wait for a confirmation. */
  async countHeldRereads(accountId: number): Promise<number> {
    return this.count("removal = 'held' AND dirty_cause = 'reread'", [accountId]);
  }

  /**
   * Counts the addresses that the account keeps in Unisender and whose removal is not approved. Of those that are perhaps there, only
   * planned and held removals count.
   */
  async countUndecided(accountId: number): Promise<number> {
    const isUndecided = "((addresses.state = 'present' AND addresses.removal IS NULL) OR addresses.removal IN ('planned', 'held'))";
    return this.count(`${REMOVABLE} AND ${isUndecided}`, [accountId]);
  }

  /** Returns the first addresses, by name, that wait for the confirmation of the run. */
  async listHeld(accountId: number, runId: string, limit: number): Promise<string[]> {
    const tail = "WHERE account_id = ? AND removal = 'held' AND removal_run_id = ? ORDER BY email LIMIT ?";
    const rows = await selectRows(this.database, { entity: AddressEntity, fields: ['email'], tail, params: [accountId, runId, limit] });
    return rows.map(({ email }) => email);
  }

  /** Lets planned removals pass: of re-reads without a run, of all with it. */
  async approvePlanned(accountId: number, scope: PlannedScope, runId?: string): Promise<void> {
    await this.approve(accountId, `removal = 'planned'${toScopeSql(scope)}`, { params: [], runId });
  }

  /** Lets the removals pass that the confirmation of the run is about. */
  async approveHeld(accountId: number, runId: string): Promise<void> {
    await this.approve(accountId, `${OF_RUN} = ?`, { params: [runId], runId });
  }

  /** Lists the addresses of these contacts whose removal passes once the run has deleted them. */
  async listApproved(accountId: number, runId: string, contactIds: readonly number[]): Promise<string[]> {
    const rows = await queryIn<{ email: string }>(
      this.database,
      `SELECT DISTINCT addresses.email AS email FROM contact_addresses own
         JOIN addresses ON addresses.account_id = own.account_id AND addresses.email = own.email
        WHERE own.account_id = ? AND addresses.removal = 'approved' AND addresses.removal_run_id = ? AND own.contact_id IN (?)`,
      [accountId, runId],
      contactIds,
    );
    return rows.map(({ email }) => email);
  }

  /** Lets these removals pass, which were approved for the run. Those of addresses that another contact holds wait for its deletion. */
  async pass(accountId: number, runId: string, emails: readonly string[]): Promise<void> {
    await executeIn(this.database, `${WAIT_FOR_RUN} AND email IN (?)`, [runId, accountId], emails);
    await executeIn(this.database, `${PASS} AND NOT EXISTS (${HOLDER}) AND email IN (?)`, [this.clock.nowMs(), accountId], emails);
  }

  /** Makes planned removals wait for the confirmation of the run. */
  async hold(accountId: number, runId: string, scope: PlannedScope): Promise<void> {
    await this.database.execute(
      `UPDATE addresses SET removal = 'held', removal_run_id = ? WHERE account_id = ? AND removal = 'planned'${toScopeSql(scope)}`,
      [runId, accountId],
    );
  }

  /** Plans the removals of a run anew that were not pushed: the next decision counts them. */
  async release(accountId: number, runId: string): Promise<void> {
    await this.database.execute(`${PLAN_ANEW} AND ${OF_RUN} = ?`, [accountId, runId]);
  }

  /** As {@link release}, but forgets the removals of addresses that a contact still holds: a run that reads everything finds them again. */
  async withdraw(accountId: number, runId: string): Promise<void> {
    const sql = `${FORGET} WHERE account_id = ? AND ${OF_RUN} = ? AND EXISTS (${HOLDER})`;
    if ((await this.database.execute(sql, [this.clock.nowMs(), accountId, runId])) > 0) await markAllPartsStale(this.database, accountId);
    await this.release(accountId, runId);
  }

  /** Releases the removals of ended runs: nothing can confirm them. They came while the run was ended. */
  async releaseEnded(accountId: number): Promise<void> {
    const states = ['waiting_for_confirmation', ...activeStates];
    await this.database.execute(
      `${PLAN_ANEW} AND ${OF_RUN} IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.run_id = addresses.removal_run_id AND runs.state IN (${placeholders(states.length)}))`,
      [accountId, ...states],
    );
  }

  /** Adds to the removals that were approved in the last hour without a confirmation. */
  async addCounted(accountId: number, removed: number): Promise<void> {
    const minute = this.nowMinute();
    await this.database.execute('DELETE FROM removal_counts WHERE account_id = ? AND minute <= ?', [accountId, minute - HOUR_MINUTES]);
    await upsertRows(this.database, {
      entity: RemovalCountEntity,
      key: ['accountId', 'minute'],
      update: { removed: { sql: `removal_counts.removed + ${Math.trunc(removed)}` } },
      rows: [{ accountId, minute, removed }],
    });
  }

  /** Returns how many removals were approved in the last hour without a confirmation. */
  async findCounted(accountId: number): Promise<number> {
    const [row] = await this.database.query<{ total: number | null }>(
      'SELECT SUM(removed) AS total FROM removal_counts WHERE account_id = ? AND minute > ?',
      [accountId, this.nowMinute() - HOUR_MINUTES],
    );
    return Number(row?.total ?? 0);
  }

  private nowMinute(): number {
    return Math.floor(this.clock.nowMs() / MINUTE_MS);
  }

  /** The removals of addresses that contacts hold wait for the run, which deletes these contacts next. */
  private async approve(
    accountId: number,
    condition: string,
    { params, runId }: { readonly params: readonly SqlValue[]; readonly runId: string | undefined },
  ): Promise<void> {
    await this.database.execute(`${PASS} AND ${condition} AND NOT EXISTS (${HOLDER})`, [this.clock.nowMs(), accountId, ...params]);
    if (runId === undefined) return;
    await this.database.execute(`${WAIT_FOR_RUN} AND ${condition}`, [runId, accountId, ...params]);
  }

  private async count(condition: string, params: readonly SqlValue[]): Promise<number> {
    const [row] = await this.database.query<{ total: number }>(
      `SELECT COUNT(*) AS total FROM addresses WHERE account_id = ? AND ${condition}`,
      params,
    );
    return row?.total ?? 0;
  }
}
