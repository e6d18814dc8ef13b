import { systemClock } from '#clock';
import { type Clock, type Job, type JobPayload, type LogFields, type Logger, type Tube, tubes } from '#domain';
import { type BuriedJob, type JobContext, QueueClient, TubeWorker, TubeWorkerHost } from '#queue';
import { RawClient, type ServerAddress } from '../../support/beanstalkd-process.js';

type Handler = (payload: JobPayload<'contacts'>, context: JobContext) => Promise<void>;

class ContactsWorker extends TubeWorker<'contacts'> {
  override readonly tube = 'contacts';

  constructor(
    private readonly handle: Handler,
    override readonly concurrency: number,
  ) {
    super();
  }

  override process(payload: JobPayload<'contacts'>, context: JobContext): Promise<void> {
    return this.handle(payload, context);
  }
}

class IdleWorker extends TubeWorker {
  constructor(override readonly tube: Tube) {
    super();
  }

  override async process(): Promise<void> {}
}

/** Keeps what it was told, for tests that ask. */
export class RememberingLogger implements Logger {
  readonly lines: { readonly level: string; readonly message: string; readonly fields: LogFields }[] = [];
  readonly error = (message: string, fields: LogFields = {}) => void this.lines.push({ level: 'error', message, fields });
  readonly warn = (message: string, fields: LogFields = {}) => void this.lines.push({ level: 'warn', message, fields });
  readonly info = () => {};
  readonly debug = () => {};
}

const EVENTUALLY_MS = 30_000;
const POLL_MS = 20;

/** Asks again until the answer is the one hoped for; the last answer otherwise. */
export async function eventually<T>(ask: () => T | Promise<T>, holds: (answer: T) => boolean): Promise<T> {
  const deadline = systemClock.nowMs() + EVENTUALLY_MS;
  for (;;) {
    const answer = await ask();
    if (holds(answer) || systemClock.nowMs() > deadline) return answer;
    await systemClock.sleep(POLL_MS);
  }
}

/** Whether it went well, for those who ask again. */
export const succeeds = (action: Promise<unknown>): Promise<boolean> =>
  action.then(
    () => true,
    () => false,
  );

/** The machine's own time, each wait as many times shorter. */
export const hurried = (times: number): Clock => ({
  nowMs: () => systemClock.nowMs(),
  sleep: (ms, signal) => systemClock.sleep(ms / times, signal),
});

export const contactsJob = (accountId: number): Job => ({ tube: 'contacts', payload: { account_id: accountId } });

/** Clients and workers over some servers; `close` leaves nothing behind. */
export class QueueScene {
  readonly logger = new RememberingLogger();
  readonly buried: BuriedJob[] = [];
  /** What keeps a buried job's reason: `buried`, unless it is replaced. */
  keepBuried = async (job: BuriedJob): Promise<void> => void this.buried.push(job);
  readonly client: QueueClient;
  private readonly hosts: TubeWorkerHost[] = [];
  private readonly rawClients: RawClient[] = [];
  private readonly options;

  constructor(
    private readonly addresses: readonly ServerAddress[],
    clock: Clock = systemClock,
  ) {
    const findEndpoints = () => addresses;
    this.options = { clock, logger: this.logger, findEndpoints };
    this.client = new QueueClient(this.options);
  }

  startWorkers(handle: Handler, concurrency = 1): TubeWorkerHost {
    const others = tubes.filter((tube) => tube !== 'contacts').map((tube) => new IdleWorker(tube));
    const host = new TubeWorkerHost([new ContactsWorker(handle, concurrency), ...others], {
      ...this.options,
      onBuried: (job) => this.keepBuried(job),
      random: () => 0.5,
    });
    this.hosts.push(host);
    host.start();
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
