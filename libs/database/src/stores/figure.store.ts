import { Injectable } from '@nestjs/common';
import type { AccountStatus, RunState } from '#domain';
import { Database } from '../database.js';
import { type ContactFigures, noContacts } from './contact-figures.store.js';

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
  constructor(private readonly database: Database) {}

  /** Counts accounts, runs, waiting events, failures and alerts. Sums the last counts of contacts. */
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
      alertsWaiting: await this.count('alerts WHERE next_attempt_at IS NOT NULL'),
    };
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
