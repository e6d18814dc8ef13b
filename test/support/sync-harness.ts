import { afterEach } from '@jest/globals';
import type { INestApplicationContext, ModuleMetadata, Provider, Type } from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { systemClock } from '#clock';
import { Config } from '#config';
import { Database } from '#database';
import { Clock, type Job, JobQueue, type LogFields, Logger, RequestLimiter, Secret } from '#domain';
import { Keyring } from '#secrets';
import { SyncModule } from '#sync';

/** The default encryption key of the harness. */
export const ENCRYPTION_KEY = Secret.of(Buffer.alloc(32, 7).toString('base64'));

/** The time of the machine, moved forward by `advance`. Sleeps take real time. */
export class ShiftedClock implements Clock {
  constructor(
    private readonly base: Clock = systemClock,
    private shiftMs = 0,
  ) {}

  nowMs(): number {
    return this.base.nowMs() + this.shiftMs;
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

export interface HarnessOptions {
  readonly database: Database;
  readonly sandbox: { readonly url: string };
  readonly limiter?: RequestLimiter;
  /** The sandbox's own, where both must agree on the time. */
  readonly clock?: ShiftedClock;
  /** Default: the clock of the process. */
  readonly databaseClock?: Clock;
  readonly config?: Partial<Config>;
  readonly keyring?: Keyring;
}

const defaultConfig: Partial<Config> = {
  publicUrl: 'https://sync.example.org',
  encryptionKey: ENCRYPTION_KEY,
  olderEncryptionKeys: [],
  localSecrets: {},
  dataDir: '/no/data/dir/in/tests',
  beanstalk: { kind: 'servers', endpoints: [] },
  kommoOauthUrl: 'https://www.kommo.com/oauth',
  kommoAllowedDomains: ['kommo.com', 'amocrm.com', 'amocrm.ru'],
  kommoReservedLabels: ['developers', 'support'],
  sweepSeconds: 30,
  tokenRenewWithinHours: 6,
  reconcileDeleteLimitPercent: 20,
  unisenderExportPollMs: 50,
  uninstallGraceDays: 30,
  historyKeepDays: 90,
  auditKeepDays: 365,
};

const unlimited: RequestLimiter = { acquire: () => Promise.resolve(), pause: () => Promise.resolve(), resume: () => Promise.resolve() };
const applications: INestApplicationContext[] = [];

afterEach(async () => {
  for (const application of applications.splice(0)) await application.close();
});

/** The database of a test, which the test closes itself, with a clock. */
const withoutClose = (database: Database, clock: Clock): Database =>
  Object.create(database, {
    close: { value: () => Promise.resolve() },
    nowSql: { get: () => String(clock.nowMs()) },
  }) as Database;

/** A testing module that is ready to compile. */
export interface PreparedHarness {
  readonly builder: TestingModuleBuilder;
  readonly config: Config;
  readonly clock: ShiftedClock;
  readonly logger: RecordingLogger;
  /** Makes the harness of the application that the builder created. */
  readonly toHarness: (application: INestApplicationContext) => Harness;
}

class GlobalsModule {}

/**
 * Prepares an application of these modules over a database and the sandbox. Jobs are recorded only. The application closes
 * after the test, the database does not.
 */
export function prepareHarness(
  imports: NonNullable<ModuleMetadata['imports']>,
  {
    database,
    sandbox,
    limiter = unlimited,
    config: changes = {},
    clock = new ShiftedClock(),
    databaseClock = clock,
    keyring = new Keyring(ENCRYPTION_KEY),
  }: HarnessOptions,
): PreparedHarness {
  const logger = new RecordingLogger();
  const jobs: Job[] = [];
  const vendors = { kommoOriginOverride: sandbox.url, unisenderUrl: `${sandbox.url}/ru/api` };
  const config = { ...defaultConfig, ...vendors, ...changes } as Config;
  const providers: Provider[] = [
    { provide: Config, useValue: config },
    { provide: Clock, useValue: clock },
    { provide: Logger, useValue: logger },
  ];
  const globals = { module: GlobalsModule, global: true, providers, exports: providers };
  const builder = Test.createTestingModule({ imports: [globals, ...imports] })
    .overrideProvider(Database)
    .useValue(withoutClose(database, databaseClock))
    .overrideProvider(RequestLimiter)
    .useValue(limiter)
    .overrideProvider(JobQueue)
    .useValue({ put: async (job: Job) => jobs.push(job) } satisfies JobQueue)
    .overrideProvider(Keyring)
    .useValue(keyring);
  const toHarness = (application: INestApplicationContext): Harness => {
    applications.push(application);
    const get = <Instance>(token: Token<Instance>) => application.get<Instance>(token as Type<Instance>, { strict: false });
    return { clock, jobs, logLines: logger.lines, get };
  };
  return { builder, config, clock, logger, toHarness };
}

/** Creates the use cases over a database and the sandbox. Jobs are recorded only. */
export async function createHarness(options: HarnessOptions): Promise<Harness> {
  const { builder, toHarness } = prepareHarness([SyncModule], options);
  return toHarness(await builder.compile());
}
