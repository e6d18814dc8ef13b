import { type Alert, type AlertDetails, type AlertKind, type Clock } from '#domain';
import type { Database } from '../database.js';
import { executeIn, upsertRows } from '../sql.js';

/** An alert that is to be told. Times in epoch milliseconds. */
export interface DueAlert extends Alert {
  readonly occurrences: number;
  readonly raisedAt: number;
  /** Attempts to tell it so far. */
  readonly attempts: number;
  /** As it was read: whoever claims it must have seen this. */
  readonly nextAt: number;
}

interface StoredAlert {
  readonly alert_key: string;
  readonly kind: AlertKind;
  readonly account_id: number | null;
  readonly details: string;
  readonly occurrences: number;
  readonly raised_at: number;
  readonly attempts: number;
  readonly next_at: number;
}

const toDueAlert = (row: StoredAlert): DueAlert => ({
  key: row.alert_key,
  kind: row.kind,
  accountId: row.account_id,
  details: JSON.parse(row.details) as AlertDetails,
  occurrences: row.occurrences,
  raisedAt: row.raised_at,
  attempts: row.attempts,
  nextAt: row.next_at,
});

/** What the operator's webhook is to be told: rows, so that no crash swallows one and no two processes tell the same. */
export class AlertStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Adds an alert that is due now, or counts the occasion that is known by its key. Give the transaction of what it is about. */
  async raise({ key, kind, accountId, details }: Alert): Promise<void> {
    const nowMs = this.clock.nowMs();
    await upsertRows(this.database, {
      table: 'alerts',
      columns: ['alert_key', 'kind', 'account_id', 'details', 'raised_at', 'next_at'],
      key: ['alert_key'],
      update: { occurrences: { sql: 'alerts.occurrences + 1' } },
      rows: [[key, kind, accountId, JSON.stringify(details), nowMs, nowMs]],
    });
  }

  /** Alerts whose time has come, the longest due first. */
  async listDue(limit: number): Promise<DueAlert[]> {
    const rows = await this.database.query<StoredAlert>(
      `SELECT alert_key, kind, account_id, details, occurrences, raised_at, attempts, next_at FROM alerts
        WHERE next_at <= ? ORDER BY next_at LIMIT ?`,
      [this.clock.nowMs(), limit],
    );
    return rows.map(toDueAlert);
  }

  /** Gives the next attempt to one process and sets the time of the one after it, in case this one fails or dies. */
  async claim({ key, nextAt }: DueAlert, retryAt: number): Promise<boolean> {
    const claimed = await this.database.execute(
      'UPDATE alerts SET next_at = ?, attempts = attempts + 1 WHERE alert_key = ? AND next_at = ?',
      [retryAt, key, nextAt],
    );
    return claimed === 1;
  }

  /** It was told: never again. */
  async markPushed(key: string): Promise<void> {
    await this.database.execute('UPDATE alerts SET delivered_at = ?, next_at = NULL WHERE alert_key = ?', [this.clock.nowMs(), key]);
  }

  /** Tells none any more that was raised before `beforeMs`; returns how many that were. */
  async giveUp(beforeMs: number): Promise<number> {
    return this.database.execute('UPDATE alerts SET next_at = NULL WHERE next_at IS NOT NULL AND raised_at < ?', [beforeMs]);
  }

  /** Forgets up to `limit` alerts raised before `beforeMs`. */
  async purge(beforeMs: number, limit: number): Promise<void> {
    const rows = await this.database.query<{ alert_key: string }>('SELECT alert_key FROM alerts WHERE raised_at < ? LIMIT ?', [
      beforeMs,
      limit,
    ]);
    const keys = rows.map(({ alert_key }) => alert_key);
    await executeIn(this.database, 'DELETE FROM alerts WHERE alert_key IN (?)', [], keys);
  }
}
