import { afterEach } from '@jest/globals';
import { systemClock } from '#clock';
import type { Database } from '#database';
import { Clock, type Job, JobQueue, type LogFields, Logger, type RequestLimiter, Secret } from '#domain';
import { KommoClient } from '#kommo';
import { Keyring, StateSigner } from '#secrets';
import { type SyncConfig, type SyncContext, type SyncServices, createStores, createSync } from '#sync';
import { UnisenderClient } from '#unisender';

/** The default encryption key of the harness. */
export const ENCRYPTION_KEY = Secret.of(Buffer.alloc(32, 7).toString('base64'));

/** The time of the machine, moved forward by `advance`. Sleeps take real time. */
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

/** Stores log lines as text. */
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

/** The use cases of one process over a real database and the sandbox. */
export interface Harness {
  readonly context: SyncContext;
  readonly services: SyncServices;
  readonly clock: ShiftedClock;
  /** The jobs that were enqueued and not taken out yet. */
  readonly jobs: Job[];
  readonly logLines: readonly string[];
  /** The instance of an injected class. */
  get<Instance>(token: Token<Instance>): Instance;
}

/** A class, also one that is abstract or has a private constructor. */
export interface Token<Instance> {
  readonly name: string;
  readonly prototype: Instance;
}

/** How a harness is built. */
export interface HarnessOptions {
  readonly database: Database;
  readonly sandbox: { readonly url: string };
  readonly limiter?: RequestLimiter;
  /** The clock of the sandbox, when both need the same time. */
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

/** Creates the use cases over a database and the sandbox. Jobs are recorded only. Connections close after the test. */
export async function createHarness({
  database,
  sandbox,
  limiter = unlimited,
  config = {},
  clock = new ShiftedClock(),
  keyring = new Keyring(ENCRYPTION_KEY),
}: HarnessOptions): Promise<Harness> {
  const logger = new RecordingLogger();
  const jobs: Job[] = [];
  const settings = { ...defaultConfig, ...config };
  const shared = { clock, logger, limiter };
  const kommo = KommoClient.create({ allowedDomains: settings.kommoAllowedDomains, originOverride: new URL(sandbox.url) }, shared);
  const unisender = UnisenderClient.create({ baseUrl: `${sandbox.url}/ru/api` }, shared);
  clients.push(kommo, unisender);
  const queue: JobQueue = { put: async (job) => jobs.push(job) };
  const stores = createStores(database, clock);
  const stateSigner = new StateSigner(ENCRYPTION_KEY);
  const context: SyncContext = { clock, logger, database, stores, keyring, stateSigner, kommo, unisender, queue, config: settings };
  const services = createSync(context);
  const instances: readonly object[] = [
    database,
    keyring,
    kommo,
    unisender,
    ...(Object.values(stores) as object[]),
    ...(Object.values(services) as object[]),
  ];
  const ports = new Map<unknown, object>([
    [Clock, clock],
    [Logger, logger],
    [JobQueue, queue],
  ]);
  const get = <Instance>(token: Token<Instance>): Instance => {
    const found = ports.get(token) ?? instances.find(({ constructor }) => constructor === token);
    if (!found) throw new Error(`${token.name} is not provided`);
    return found as Instance;
  };
  return { context, services, clock, jobs, logLines: logger.lines, get };
}
