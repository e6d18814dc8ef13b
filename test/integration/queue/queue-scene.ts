import { systemClock } from '#clock';
import { type Clock, type Job, type JobPayload, type LogFields, type Logger, silentMeter, standardRetry, tubes } from '#domain';
import { type BuriedJob, type JobContext, QueueClient, type RegisteredWorker, TubeWorkerHost } from '#queue';
import { RawClient, type ServerAddress } from '../../support/beanstalkd-process.js';

type Handler = (payload: JobPayload<'contacts'>, context: JobContext) => Promise<void>;

/** Exact delays, for tests that compare them. */
const retry = { ...standardRetry, jitter: 0 };

/** Runs `handle` for the jobs of `contacts`; the other tubes have workers without effect. */
function createWorkers(handle: Handler, concurrency: number): RegisteredWorker[] {
  const contacts: RegisteredWorker = {
    tube: 'contacts',
    concurrency,
    retry,
    process: (payload, context) => handle(payload as JobPayload<'contacts'>, context),
  };
  const others = tubes.filter((tube) => tube !== 'contacts');
  return [contacts, ...others.map((tube) => ({ tube, concurrency: 1, retry, process: async () => {} }))];
}

/** Stores errors and warnings for the tests. */
export class RecordingQueueLogger implements Logger {
  readonly lines: { readonly level: string; readonly message: string; readonly fields: LogFields }[] = [];
  readonly error = (message: string, fields: LogFields = {}) => void this.lines.push({ level: 'error', message, fields });
  readonly warn = (message: string, fields: LogFields = {}) => void this.lines.push({ level: 'warn', message, fields });
  readonly info = () => {};
  readonly debug = () => {};
}

const EVENTUALLY_MS = 30_000;
const POLL_MS = 20;

/** Calls `ask` until its result passes `holds`. Returns the last result, also after the time limit. */
export async function eventually<T>(ask: () => T | Promise<T>, holds: (result: T) => boolean): Promise<T> {
  const deadline = systemClock.nowMs() + EVENTUALLY_MS;
  for (;;) {
    const result = await ask();
    if (holds(result) || systemClock.nowMs() > deadline) return result;
    await systemClock.sleep(POLL_MS);
  }
}

/** Returns whether the action succeeds, for {@link eventually}. */
export const succeeds = (action: Promise<unknown>): Promise<boolean> =>
  action.then(
    () => true,
    () => false,
  );

/** The machine's clock; each sleep is `times` times shorter. */
export const accelerated = (times: number): Clock => ({
  nowMs: () => systemClock.nowMs(),
  sleep: (ms, signal) => systemClock.sleep(ms / times, signal),
});

export const contactsJob = (accountId: number): Job => ({ tube: 'contacts', payload: { account_id: accountId } });

/** A client and tube workers over some servers; `close` stops all of them. */
export class QueueScene {
  readonly logger = new RecordingQueueLogger();
  readonly buried: BuriedJob[] = [];
  /** Records a buried job in `buried`; a test may replace it. */
  recordBuried = async (job: BuriedJob): Promise<void> => void this.buried.push(job);
  readonly client: QueueClient;
  private readonly hosts: TubeWorkerHost[] = [];
  private readonly rawClients: RawClient[] = [];

  constructor(
    private readonly addresses: readonly ServerAddress[],
    private readonly clock: Clock = systemClock,
  ) {
    this.client = new QueueClient({ find: () => addresses }, clock, this.logger);
  }

  startWorkers(handle: Handler, concurrency = 1): TubeWorkerHost {
    const { addresses, clock, logger } = this;
    const host = new TubeWorkerHost({ find: () => addresses }, { record: (job) => this.recordBuried(job) }, silentMeter, clock, logger);
    this.hosts.push(host);
    host.start(createWorkers(handle, concurrency));
    return host;
  }

  async rawClient(server = 0): Promise<RawClient> {
    const address = this.addresses[server];
    if (!address) throw new Error(`there is no server ${server}`);
    const client = await RawClient.connect(address);
    this.rawClients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const host of this.hosts) await host.stop(1_000);
    await this.client.close();
    for (const client of this.rawClients) client.close();
  }
}
