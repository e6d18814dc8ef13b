import { Injectable } from '@nestjs/common';
import type { AccountStatus, AlertKind, RunState } from '#domain';
import { Database } from '../database.js';
import type { WorkTotalEntity } from '../entities/work-total.entity.js';
import { type ContactFigures, noContacts } from './contact-figures.store.js';
import { RoundStore } from './round.store.js';
import { ThroughputStore } from './throughput.store.js';

/** Counts of the whole deployment. */
export interface DatabaseFigures {
  readonly accounts: Readonly<Partial<Record<AccountStatus, number>>>;
  /** Active accounts whose Unisender key is refused. */
  readonly keysRefused: number;
  /** As last counted, at most a few minutes ago. */
  readonly contacts: ContactFigures;
  readonly eventsWaiting: number;
  /** Epoch milliseconds; null when no event waits. */
  readonly oldestEventAt: number | null;
  readonly activeRuns: Readonly<Partial<Record<RunState, number>>>;
  readonly failures: number;
  readonly alertsWaiting: number;
  /** Alerts whose cause lasts. */
  readonly alertsOpen: Readonly<Partial<Record<AlertKind, number>>>;
  /** When the first access token of an active account expires, epoch milliseconds; null without one. */
  readonly firstTokenExpiresAt: number | null;
  /** For how long no worker has reported, in milliseconds; null when none ever has. */
  readonly workerSilenceMs: number | null;
  /** Vendor calls and jobs of all time. */
  readonly work: readonly WorkTotalEntity[];
}

interface NamedCount<Name extends string> {
  readonly name: Name;
  readonly total: number;
}

const byName = <Name extends string>(rows: readonly NamedCount<Name>[]) =>
  Object.fromEntries(rows.map(({ name, total }) => [name, total])) as Partial<Record<Name, number>>;

/** Reads counts of the whole deployment. The cost grows with accounts and waiting events, never with contacts. */
// SQL by hand: every statement is an aggregate.
@Injectable()
export class FigureStore {
  constructor(
    private readonly database: Database,
    private readonly throughput: ThroughputStore,
    private readonly rounds: RoundStore,
  ) {}

  /** Counts accounts, runs, waiting events, failures and alerts. Sums the last counts of contacts. */
  async read(): Promise<DatabaseFigures> {
    const query = <Name extends string>(sql: string) => this.database.query<NamedCount<Name>>(sql);
    const accounts = await query<AccountStatus>('SELECT status AS name, COUNT(*) AS total FROM accounts GROUP BY status');
    const runs = await query<RunState>(
      `SELECT state AS name, COUNT(*) AS total FROM runs WHERE state IN ('queued', 'running', 'waiting_for_confirmation') GROUP BY state`,
    );
    const alertsOpen = await query<AlertKind>(
      'SELECT kind AS name, COUNT(*) AS total FROM alerts WHERE open_subject IS NOT NULL GROUP BY kind',
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
      alertsWaiting: await this.count('alerts WHERE next_attempt_at IS NOT NULL'),
      alertsOpen: byName(alertsOpen),
      firstTokenExpiresAt: await this.findFirstExpiry(),
      workerSilenceMs: await this.rounds.findSilenceMs('worker'),
      work: await this.throughput.listWork(),
    };
  }

  private async findFirstExpiry(): Promise<number | null> {
    const [row] = await this.database.query<{ first: number | null }>(
      `SELECT MIN(access.expires_at) AS first FROM accesses access
         JOIN accounts account ON account.account_id = access.account_id WHERE account.status = 'active'`,
    );
    return row?.first === undefined || row.first === null ? null : Number(row.first);
  }

  private async count(what: string): Promise<number> {
    const [row] = await this.database.query<{ total: number }>(`SELECT COUNT(*) AS total FROM ${what}`);
    return row?.total ?? 0;
  }

  private async sumContacts(): Promise<ContactFigures> {
    const [row] = await this.database.query<ContactFigures>(
      `SELECT COALESCE(SUM(total), 0) AS total, COALESCE(SUM(in_sync), 0) AS inSync, COALESCE(SUM(waiting), 0) AS waiting, COALESCE(SUM(excluded), 0) AS excluded,
              COALESCE(SUM(failing), 0) AS failing FROM contact_figures`,
    );
    return row ?? noContacts;
  }
}
