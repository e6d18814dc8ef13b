import type { AccountStatus, Clock, RunState } from '#domain';
import type { Database } from '../database.js';
import { upsertRows } from '../sql.js';

/** An account's living contacts by what became of them; those in none of the three wait to be told. */
export interface ContactFigures {
  readonly total: number;
  readonly inSync: number;
  readonly excluded: number;
  readonly failing: number;
}

/** How much of what there is over all accounts. */
export interface DatabaseFigures {
  readonly accounts: Readonly<Partial<Record<AccountStatus, number>>>;
  /** Active accounts whose Unisender key is refused. */
  readonly keysRefused: number;
  /** As last counted, at most a few minutes ago. */
  readonly contacts: ContactFigures;
  readonly eventsWaiting: number;
  /** Epoch milliseconds; null when none waits. */
  readonly oldestEventAt: number | null;
  readonly activeRuns: Readonly<Partial<Record<RunState, number>>>;
  readonly failures: number;
  readonly alertsWaiting: number;
}

interface NamedCount<Name extends string> {
  readonly name: Name;
  readonly total: number;
}

const byName = <Name extends string>(rows: readonly NamedCount<Name>[]) =>
  Object.fromEntries(rows.map(({ name, total }) => [name, total])) as Partial<Record<Name, number>>;

/** Counts of the whole deployment. Reading them costs the number of accounts and of what waits, never the number of contacts. */
export class FigureStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async read(): Promise<DatabaseFigures> {
    const query = <Name extends string>(sql: string) => this.database.query<NamedCount<Name>>(sql);
    const accounts = await query<AccountStatus>('SELECT status AS name, COUNT(*) AS total FROM accounts GROUP BY status');
    const runs = await query<RunState>(
      `SELECT state AS name, COUNT(*) AS total FROM runs WHERE state IN ('queued', 'running', 'waiting_for_confirmation') GROUP BY state`,
    );
    const [events] = await this.database.query<{ total: number; oldest: number | null }>(
      "SELECT COUNT(*) AS total, MIN(received_at) AS oldest FROM events WHERE state = 'waiting'",
    );
    return {
      accounts: byName(accounts),
      activeRuns: byName(runs),
      contacts: await this.sumContacts(),
      eventsWaiting: events?.total ?? 0,
      oldestEventAt: events?.oldest ?? null,
      keysRefused: await this.count("accounts WHERE status = 'active' AND unisender_block IS NOT NULL"),
      failures: await this.count('failures'),
      alertsWaiting: await this.count('alerts WHERE next_at IS NOT NULL'),
    };
  }

  /** Accounts never counted, or last before `beforeMs`, the longest ago first. */
  async listUncounted(beforeMs: number, limit: number): Promise<number[]> {
    const rows = await this.database.query<{ account_id: number }>(
      `SELECT a.account_id FROM accounts a LEFT JOIN contact_figures f ON f.account_id = a.account_id
        WHERE f.account_id IS NULL OR f.counted_at < ? ORDER BY COALESCE(f.counted_at, 0) LIMIT ?`,
      [beforeMs, limit],
    );
    return rows.map(({ account_id }) => account_id);
  }

  /** Keeps what was counted just now. */
  async save(accountId: number, { total, inSync, excluded, failing }: ContactFigures): Promise<void> {
    await upsertRows(this.database, {
      table: 'contact_figures',
      columns: ['account_id', 'total', 'in_sync', 'excluded', 'failing', 'counted_at'],
      key: ['account_id'],
      update: { total: 'incoming', in_sync: 'incoming', excluded: 'incoming', failing: 'incoming', counted_at: 'incoming' },
      rows: [[accountId, total, inSync, excluded, failing, this.clock.nowMs()]],
    });
  }

  private async count(what: string): Promise<number> {
    const [row] = await this.database.query<{ total: number }>(`SELECT COUNT(*) AS total FROM ${what}`);
    return row?.total ?? 0;
  }

  private async sumContacts(): Promise<ContactFigures> {
    const [row] = await this.database.query<{ total: number; in_sync: number; excluded: number; failing: number }>(
      `SELECT COALESCE(SUM(total), 0) AS total, COALESCE(SUM(in_sync), 0) AS in_sync, COALESCE(SUM(excluded), 0) AS excluded,
              COALESCE(SUM(failing), 0) AS failing FROM contact_figures`,
    );
    return { total: row?.total ?? 0, inSync: row?.in_sync ?? 0, excluded: row?.excluded ?? 0, failing: row?.failing ?? 0 };
  }
}
