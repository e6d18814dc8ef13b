import { Injectable } from '@nestjs/common';
import { In, MoreThan } from 'typeorm';
import { isFinal, runStates } from '#domain';
import { Database } from '../database.js';
import { RunEntity } from '../entities/run.entity.js';

/** What changes when an operator must see an account anew. */
export interface AccountMark {
  readonly accountId: number;
  /** Equal as long as nothing has changed. */
  readonly mark: string;
}

const endedStates = runStates.filter(isFinal);

const columns = [
  'a.status',
  'a.name',
  'a.awaits_approval',
  'a.unisender_block',
  'a.list_id',
  'a.list_title',
  'a.webhook_state',
  'a.unisender_webhook_state',
  'a.paused_until',
  'a.pause_code',
  'a.last_event_at',
  'a.updated_at',
  'f.total',
  'f.in_sync',
  'f.waiting',
  'f.excluded',
  'f.failing',
];

/** Reads what may have changed since the last look. The cost grows with accounts and active runs, never with contacts. */
// SQL by hand: one small row per account, read every second.
@Injectable()
export class ChangeStore {
  constructor(private readonly database: Database) {}

  /** Lists up to `limit` marks of accounts with higher ids than `after`, in the order of their ids. */
  async listAccountMarks(after: number, limit: number): Promise<AccountMark[]> {
    const rows = await this.database.query<{ accountId: number }>(
      `SELECT a.account_id AS accountId, ${columns.map((column, index) => `${column} AS c${index}`).join(', ')}
         FROM accounts a LEFT JOIN contact_figures f ON f.account_id = a.account_id
        WHERE a.account_id > ? ORDER BY a.account_id LIMIT ?`,
      [after, limit],
    );
    return rows.map((row) => ({ accountId: row.accountId, mark: Object.values(row).join('|') }));
  }

  /** Lists up to `limit` runs that have not ended. */
  async listActiveRuns(limit: number): Promise<RunEntity[]> {
    const state = In(['queued', 'running', 'waiting_for_confirmation'] as const);
    return this.database.run(({ manager }) => manager.find(RunEntity, { where: { state }, order: { heartbeatAt: 'DESC' }, take: limit }));
  }

  /** Lists up to `limit` runs that ended after `afterMs` by the clock of their worker. */
  async listEndedRuns(afterMs: number, limit: number): Promise<RunEntity[]> {
    const where = { state: In(endedStates), heartbeatAt: MoreThan(afterMs) };
    return this.database.run(({ manager }) => manager.find(RunEntity, { where, order: { heartbeatAt: 'DESC' }, take: limit }));
  }

  /** Lists these runs, in any state. */
  async listRuns(runIds: readonly string[]): Promise<RunEntity[]> {
    if (runIds.length === 0) return [];
    return this.database.run(({ manager }) => manager.find(RunEntity, { where: { runId: In([...runIds]) } }));
  }

  /** Returns the id of the newest audit entry; null without one. */
  async findLastAudit(): Promise<string | null> {
    const [row] = await this.database.query<{ auditId: string | null }>('SELECT MAX(audit_id) AS auditId FROM audit');
    return row?.auditId ?? null;
  }
}
