import { randomUUID } from 'node:crypto';
import type { Database } from '../database.js';
import { executeIn } from '../sql.js';

/** A job that was buried, and why. */
export interface FailureRow {
  readonly failureId: string;
  readonly accountId: number | null;
  readonly tube: string;
  readonly jobId: number;
  readonly payload: string;
  readonly code: string;
  readonly reason: string;
  readonly failedAt: number;
}

interface StoredFailure {
  readonly failure_id: string;
  readonly account_id: number | null;
  readonly tube: string;
  readonly job_id: number;
  readonly payload: string;
  readonly code: string;
  readonly reason: string;
  readonly failed_at: number;
}

const MAX_REASON_LENGTH = 1000;

const toFailureRow = (row: StoredFailure): FailureRow => ({
  failureId: row.failure_id,
  accountId: row.account_id,
  tube: row.tube,
  jobId: row.job_id,
  payload: row.payload,
  code: row.code,
  reason: row.reason,
  failedAt: row.failed_at,
});

/** Buried jobs with their reasons, for the operator. */
export class FailureStore {
  constructor(private readonly database: Database) {}

  /** Returns the new failure's id. */
  async add(failure: Omit<FailureRow, 'failureId'>): Promise<string> {
    const failureId = randomUUID().replaceAll('-', '');
    const { accountId, tube, jobId, payload, code, reason, failedAt } = failure;
    await this.database.execute(
      'INSERT INTO failures (failure_id, account_id, tube, job_id, payload, code, reason, failed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      [failureId, accountId, tube, jobId, payload, code, reason.slice(0, MAX_REASON_LENGTH), failedAt],
    );
    return failureId;
  }

  /** Forgets up to `limit` failures older than `beforeMs`; returns how many. */
  async purge(beforeMs: number, limit: number): Promise<number> {
    const rows = await this.database.query<{ failure_id: string }>('SELECT failure_id FROM failures WHERE failed_at < ? LIMIT ?', [
      beforeMs,
      limit,
    ]);
    const ids = rows.map(({ failure_id }) => failure_id);
    await executeIn(this.database, 'DELETE FROM failures WHERE failure_id IN (?)', [], ids);
    return ids.length;
  }

  /** Newest first; of one account or of all. */
  async list(filter: { readonly accountId?: number; readonly limit: number }): Promise<FailureRow[]> {
    const rows = await this.database.query<StoredFailure>(
      `SELECT failure_id, account_id, tube, job_id, payload, code, reason, failed_at FROM failures
        ${filter.accountId === undefined ? '' : 'WHERE account_id = ?'} ORDER BY failed_at DESC, failure_id LIMIT ?`,
      filter.accountId === undefined ? [filter.limit] : [filter.accountId, filter.limit],
    );
    return rows.map(toFailureRow);
  }
}
