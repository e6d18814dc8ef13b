import { afterEach } from '@jest/globals';
import { systemClock } from '#clock';
import type { Database } from '#database';
import { type Clock, type Job, type LogFields, type Logger, type RequestLimiter, Secret } from '#domain';
import { KommoClient } from '#kommo';
import { Keyring, StateSigner } from '#secrets';
import { type SyncConfig, type SyncContext, type SyncServices, createStores, createSync } from '#sync';
import { UnisenderClient } from '#unisender';

/** What the harness seals with unless it is given a keyring. */
export const ENCRYPTION_KEY = Secret.of(Buffer.alloc(32, 7).toString('base64'));

/** The machine's time, moved forward at will. */
export class ShiftedClock implements Clock {
  private shiftMs = 0;

  nowMs(): number {
    return systemClock.nowMs() + this.shiftMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal);
  }

  advance(ms: number): void {
    this.shiftMs += ms;
  }
}

/** Keeps what was logged, as text. */
export class RecordingLogger implements Logger {
  readonly lines: string[] = [];

  error = (message: string, fields?: LogFields) => this.keep('error', message, fields);
  warn = (message: string, fields?: LogFields) => this.keep('warn', message, fields);
  info = (message: string, fields?: LogFields) => this.keep('info', message, fields);
  debug = (message: string, fields?: LogFields) => this.keep('debug', message, fields);

  private keep(level: string, message: string, fields: LogFields = {}): void {
    const details = Object.entries(fields).map(([name, value]) => `${name}=${value instanceof Error ? value.message : String(value)}`);
    this.lines.push([level, message, ...details].join(' '));
  }
}

/** One process of the service, but for its HTTP and its queue. */
export interface Harness {
  readonly context: SyncContext;
  readonly services: SyncServices;
  readonly clock: ShiftedClock;
  /** The jobs put so far. */
  readonly jobs: Job[];
  readonly logLines: readonly string[];
}

export interface HarnessOptions {
  readonly database: Database;
  readonly sandbox: { readonly url: string };
  readonly limiter?: RequestLimiter;
  /** The sandbox's own, where both must agree on the time. */
  readonly clock?: ShiftedClock;
  readonly config?: Partial<SyncConfig>;
  readonly keyring?: Keyring;
}

const defaultConfig: SyncConfig = {
  publicUrl: 'https://sync.example.org',
  kommoOauthUrl: 'https://www.kommo.com/oauth',
  kommoAllowedDomains: ['kommo.com', 'amocrm.com', 'amocrm.ru'],
  sweepSeconds: 30,
  tokenRenewWithinHours: 6,
  reconcileDeleteLimitPercent: 20,
  unisenderExportPollMs: 50,
  uninstallGraceDays: 30,
  historyKeepDays: 90,
  auditKeepDays: 365,
};

const unlimited: RequestLimiter = { acquire: () => Promise.resolve(), pause: () => Promise.resolve() };
const clients: { close(): void }[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

/** The service's use cases over a real database and the sandbox; jobs are recorded only. Connections close after the test. */
export function createHarness({
  database,
  sandbox,
  limiter = unlimited,
  config = {},
  clock = new ShiftedClock(),
  keyring = new Keyring(ENCRYPTION_KEY),
}: HarnessOptions): Harness {
  const logger = new RecordingLogger();
  const jobs: Job[] = [];
  const settings = { ...defaultConfig, ...config };
  const shared = { clock, logger, limiter };
  const kommo = KommoClient.create({ allowedDomains: settings.kommoAllowedDomains, originOverride: new URL(sandbox.url) }, shared);
  const unisender = UnisenderClient.create({ baseUrl: `${sandbox.url}/ru/api` }, shared);
  clients.push(kommo, unisender);
  const context: SyncContext = {
    clock,
    logger,
    database,
    stores: createStores(database, clock),
    keyring,
    stateSigner: new StateSigner(ENCRYPTION_KEY),
    kommo,
    unisender,
    queue: { put: async (job) => jobs.push(job) },
    config: settings,
  };
  return { context, services: createSync(context), clock, jobs, logLines: logger.lines };
}
