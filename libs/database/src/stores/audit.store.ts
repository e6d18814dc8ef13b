import type { Database } from '../database.js';
import type { SqlValue } from '../session.js';
import { executeIn } from '../sql.js';

/** A action as it is kept. `at` in epoch milliseconds. */
export interface AuditRow {
  /** Sorts by time. */
  readonly auditId: string;
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly accountId: number | null;
  readonly outcome: string;
  /** JSON object. */
  readonly details: string;
}

/** Which actions to list. */
export interface AuditFilter {
  readonly accountId?: number | undefined;
  /** Only actions older than this one: the last one of the page before. */
  readonly before?: string | undefined;
  readonly limit: number;
}

interface StoredAudit {
  readonly audit_id: string;
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly account_id: number | null;
  readonly outcome: string;
  readonly details: string;
}

const COLUMNS = 'audit_id, at, actor, action, account_id, outcome, details';

const toAuditRow = ({ audit_id: auditId, account_id: accountId, ...row }: StoredAudit): AuditRow => ({ ...row, auditId, accountId });

/** What operators did, oldest actions forgotten by {@link purge} alone. */
export class AuditStore {
  constructor(private readonly database: Database) {}

  /** Keeps a action. Throws DuplicateKeyError for an id that is there. */
  async add({ auditId, at, actor, action, accountId, outcome, details }: AuditRow): Promise<void> {
    await this.database.execute(`INSERT INTO audit (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`, [
      auditId,
      at,
      actor,
      action,
      accountId,
      outcome,
      details,
    ]);
  }

  /** Says how a action ended; an account that was not known before is added to it. */
  async settle(auditId: string, outcome: string, accountId: number | null): Promise<void> {
    await this.database.execute('UPDATE audit SET outcome = ?, account_id = COALESCE(account_id, ?) WHERE audit_id = ?', [
      outcome,
      accountId,
      auditId,
    ]);
  }

  /** Newest first. */
  async list({ accountId, before, limit }: AuditFilter): Promise<AuditRow[]> {
    const conditions: [string, SqlValue | undefined][] = [
      ['account_id = ?', accountId],
      ['audit_id < ?', before],
    ];
    const given = conditions.filter((condition): condition is [string, SqlValue] => condition[1] !== undefined);
    const where = given.length === 0 ? '' : `WHERE ${given.map(([sql]) => sql).join(' AND ')}`;
    const rows = await this.database.query<StoredAudit>(`SELECT ${COLUMNS} FROM audit ${where} ORDER BY audit_id DESC LIMIT ?`, [
      ...given.map(([, value]) => value),
      limit,
    ]);
    return rows.map(toAuditRow);
  }

  /** Forgets up to `limit` actions done before `beforeMs`; returns how many. */
  async purge(beforeMs: number, limit: number): Promise<number> {
    const rows = await this.database.query<{ audit_id: string }>('SELECT audit_id FROM audit WHERE at < ? LIMIT ?', [beforeMs, limit]);
    const ids = rows.map(({ audit_id }) => audit_id);
    await executeIn(this.database, 'DELETE FROM audit WHERE audit_id IN (?)', [], ids);
    return ids.length;
  }
}
