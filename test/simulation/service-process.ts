import { HttpService } from '@nestjs/axios';
import type { Provider } from '@nestjs/common';
import { Config, loadConfig } from '#config';
import { Database, ThroughputCounter } from '#database';
import {
  Clock,
  type Job,
  JobQueue,
  Logger,
  RequestLimiter,
  ServiceError,
  TransientError,
  WorkMeter,
  parseFormBody,
  silentLogger,
  silentMeter,
} from '#domain';
import { AccountSync, BuriedJobs, KommoInbox, RunWorker, SyncModule, TokenRenewal, UnisenderInbox, WebhookTokens, WriteBack } from '#sync';
import { ApplicationCopies, type ApplicationCopy, type Replacements } from './application-copies.js';
import { ProcessLife } from './process-life.js';
import type { JobRunner, SimulatedQueue } from './simulated-queue.js';
import { type SimulatedTime, processClock } from './simulated-time.js';
import type { IncomingResponse, OutgoingRequest } from './vendor-network.js';

/** What all processes of the service share. */
export interface Surroundings {
  readonly time: SimulatedTime;
  readonly database: Database;
  readonly queue: SimulatedQueue;
  readonly request: (request: OutgoingRequest) => Promise<IncomingResponse>;
  /** Called when a run begins in an account. */
  readonly onRun: (accountId: number) => void;
  readonly log?: (line: string) => void;
  /** The process that receives the next response of this method stops for a while. */
  stall?: { readonly method: string; readonly forMs: number };
}

/** Our own URL; the simulated vendors deliver hooks there. */
export const PUBLIC_URL = 'https://sync.example.org';

const key = Buffer.alloc(32, 7).toString('base64');
const config = loadConfig({
  PUBLIC_URL,
  DATA_DIR: '/nonexistent',
  LOGS_FOLDER_PATH: 'none',
  ENCRYPTION_KEY: key,
  OPERATOR_TOKEN: key,
  UNISENDER_URL: 'http://api.unisender.com/ru/api',
  UNISENDER_EXPORT_POLL_MS: '1000',
});

/** Rates are no part of a history. */
const uncounted: Pick<ThroughputCounter, 'count'> & WorkMeter = { count: () => {}, ...silentMeter };
const unlimited: RequestLimiter = { acquire: () => Promise.resolve(), pause: () => Promise.resolve(), resume: () => Promise.resolve() };

class GlobalsModule {}

type Write = (level: string) => Logger['info'];

/** Writes nothing but that runs begin. */
const runLogger = (onRun: (accountId: number) => void): Logger => ({
  ...silentLogger,
  info: (message, fields = {}) => {
    if (message === 'run began') onRun(Number(fields['account_id']));
  },
});

const loggerOf = ({ log, onRun }: Pick<Surroundings, 'log' | 'onRun'>): Logger => {
  const runs = runLogger(onRun);
  if (!log) return runs;
  const write: Write =
    (level) =>
    (message, fields = {}) =>
      log(
        `${level} ${message} ${Object.entries(fields)
          .map(([name, value]) => `${name}=${value instanceof Error ? value.message : String(value)}`)
          .join(' ')}`,
      );
  const info: Logger['info'] = (message, fields) => {
    runs.info(message, fields);
    write('info')(message, fields);
  };
  return { error: write('error'), warn: write('warn'), info, debug: () => {} };
};

const globals: Provider[] = [
  { provide: Config, useValue: config },
  { provide: Clock, useValue: {} },
  { provide: Logger, useValue: silentLogger },
];
const root = { module: GlobalsModule, global: true, imports: [SyncModule], providers: globals, exports: globals };
const unusable: Replacements = new Map<unknown, unknown>([
  [Database, {}],
  [RequestLimiter, unlimited],
  [ThroughputCounter, uncounted],
  [WorkMeter, uncounted],
  [JobQueue, {}],
  [HttpService, {}],
]);
let template: Promise<ApplicationCopies> | undefined;

/** One process of the service, API and worker together: the use cases over shared surroundings. */
export class ServiceProcess implements JobRunner {
  private constructor(
    readonly life: ProcessLife,
    private readonly application: ApplicationCopy,
    private readonly stopping: AbortController,
  ) {}

  /** Starts a process whose clock is wrong by `skewMs`. */
  static async start(surroundings: Surroundings, skewMs: number): Promise<ServiceProcess> {
    template ??= ApplicationCopies.of(root, unusable);
    const { time, database, queue, request } = surroundings;
    const life = new ProcessLife(time);
    const send = async (outgoing: OutgoingRequest) => {
      await life.pass();
      try {
        return await request(outgoing);
      } finally {
        if (surroundings.stall && outgoing.url?.includes(surroundings.stall.method)) {
          life.stallAfter(0, surroundings.stall.forMs);
          delete surroundings.stall;
        }
        await life.pass();
      }
    };
    const replaced: Replacements = new Map<unknown, unknown>([
      [Config, config],
      [Clock, processClock(time, life, skewMs)],
      [Logger, loggerOf(surroundings)],
      [Database, life.attach(database)],
      [RequestLimiter, unlimited],
      [ThroughputCounter, uncounted],
      [WorkMeter, uncounted],
      [JobQueue, queue.portOf(() => life.pass())],
      [HttpService, { axiosRef: { request: send } }],
    ]);
    const copies = await template;
    return new ServiceProcess(life, copies.create(replaced), new AbortController());
  }

  /** Calls `listener` when the process dies. */
  onDeath(listener: () => void): void {
    this.life.onDeath(listener);
  }

  get isDead(): boolean {
    return this.life.isDead;
  }

  /** The instance of an injected class. */
  get<Instance>(token: { readonly name: string; readonly prototype: Instance }): Instance {
    return this.application.get(token);
  }

  async runJob(job: Job, isRetry: boolean): Promise<void> {
    const { signal } = this.stopping;
    if (job.tube === 'contacts') await this.get(AccountSync).processEvents(job.payload.account_id, signal, async () => isRetry);
    else if (job.tube === 'imports') await this.get(RunWorker).continueRun(job.payload.run_id, signal);
    else if (job.tube === 'write-backs') await this.get(WriteBack).run(job.payload.account_id, signal);
    else if (job.tube === 'accesses') await this.get(TokenRenewal).renew(job.payload.account_ids, job.payload.asked_at);
  }

  async recordBuried(job: Job, jobId: number, code: Parameters<BuriedJobs['record']>[0]['code'], reason: string): Promise<void> {
    const body = JSON.stringify(job.payload);
    await this.get(BuriedJobs).record({ tube: job.tube, server: 'simulated', jobId: String(jobId), body, code, reason });
  }

  /** Receives a hook like the API. Never settles when the process dies. */
  async receive(path: string, body: Buffer): Promise<{ readonly status: number; readonly accountId?: number }> {
    const vendor = path.startsWith('/unisender/') ? 'unisender' : 'kommo';
    const token = path.slice(path.lastIndexOf('/') + 1);
    try {
      const account = await this.get(WebhookTokens).findAccount(token, vendor);
      if (!account) return { status: 404 };
      if (vendor === 'kommo') await this.get(KommoInbox).receive(account.accountId, parseFormBody(body));
      else if (body.length > 0) await this.get(UnisenderInbox).receive(account.accountId, body);
      return { status: 200, accountId: account.accountId };
    } catch (error) {
      if (error instanceof TransientError) return { status: 503 };
      if (error instanceof ServiceError) return { status: error.code === 'wrong_auth' ? 401 : 400 };
      throw error;
    }
  }
}
