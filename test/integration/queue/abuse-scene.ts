import { findFreePort, type RawClient } from '../../support/beanstalkd-process.js';
import { QueueProcess, type QueueProcessOptions } from '../../support/queue-process.js';
import { eventually } from './queue-scene.js';

const controlBodies = ['', 'x', '\r\nDELETED\r\n', 'y'.repeat(3_000), '\0\xff\xfe'];

/** A well-behaved client: it puts, reserves and deletes jobs without a pause, and records every unexpected reply. */
class ControlClient {
  private isStopping = false;
  private jobs = 0;
  private readonly unexpected: string[] = [];
  private readonly ended: Promise<void>;

  private constructor(private readonly client: RawClient) {
    this.ended = this.work();
  }

  static async start(server: QueueProcess): Promise<ControlClient> {
    const client = await server.connect();
    await client.ask('use control\r\nwatch control\r\nignore default\r\n', /WATCHING 1\r\n$/);
    return new ControlClient(client);
  }

  /** Resolves when this client has completed that many more jobs, or has got an unexpected reply. */
  async waitForJobs(count: number): Promise<void> {
    const goal = this.jobs + count;
    await eventually(
      () => this.jobs >= goal || this.unexpected.length > 0,
      (isReached) => isReached,
    );
  }

  /** Stops and closes this client. Returns the number of jobs that came back unchanged, and the unexpected replies. */
  async end(): Promise<{ readonly jobs: number; readonly unexpected: readonly string[] }> {
    this.isStopping = true;
    await this.ended;
    this.client.close();
    return { jobs: this.jobs, unexpected: this.unexpected };
  }

  private async work(): Promise<void> {
    while (!this.isStopping && this.unexpected.length === 0) {
      for (const body of controlBodies) await this.completeJob(body);
    }
  }

  private async completeJob(body: string): Promise<void> {
    const inserted = await this.client.ask(`put 0 0 60 ${body.length}\r\n${body}\r\n`);
    const id = /^INSERTED (\d+)\r\n$/.exec(inserted)?.[1] ?? '';
    const job = `RESERVED ${id} ${body.length}\r\n${body}\r\n`;
    this.client.send('reserve\r\n');
    const reserved = await this.client.take(job.length);
    const deleted = await this.client.ask(`delete ${id}\r\n`);
    if (reserved === job && deleted === 'DELETED\r\n') this.jobs += 1;
    else this.unexpected.push(inserted + reserved + deleted);
  }
}

/** The embedded server in a process of its own, with a control client that works all the time, an observer for `stats`, and hostile clients. */
export class AbuseScene {
  private readonly clients = new Set<RawClient>();

  private constructor(
    readonly server: QueueProcess,
    readonly control: ControlClient,
    readonly observer: RawClient,
  ) {}

  static async open(options: Partial<QueueProcessOptions> = {}): Promise<AbuseScene> {
    const server = await QueueProcess.start({ implementation: 'embedded', hasCollector: true, port: await findFreePort(), ...options });
    return new AbuseScene(server, await ControlClient.start(server), await server.connect());
  }

  async connect(): Promise<RawClient> {
    const client = await this.server.connect();
    this.clients.add(client);
    return client;
  }

  async connectMany(count: number): Promise<RawClient[]> {
    return Promise.all(Array.from({ length: count }, () => this.connect()));
  }

  /** Disconnects all hostile clients, every second one with a TCP reset, and waits until the server has noticed. */
  async disconnectAll(): Promise<void> {
    [...this.clients].forEach((client, index) => (index % 2 === 0 ? client.close() : client.reset()));
    this.clients.clear();
    const remaining = await eventually(
      () => this.observer.count('stats', 'current-connections'),
      (count) => count === 2,
    );
    if (remaining !== 2) throw new Error(`the server still has ${remaining} connections`);
  }

  /** Memory of the server in bytes, after garbage collection. */
  async measureMemory(): Promise<number> {
    await this.collectGarbage();
    return this.server.residentBytes;
  }

  /** What objects and buffers need, in bytes, after garbage collections. It grows only when something is kept. */
  async measureUsedMemory(): Promise<number> {
    await this.collectGarbage();
    return this.server.usedBytes;
  }

  private async collectGarbage(): Promise<void> {
    for (let round = 0; round < 3; round += 1) {
      this.server.collectGarbage();
      await this.control.waitForJobs(20);
    }
  }

  async close(): Promise<void> {
    for (const client of [...this.clients, this.observer]) client.close();
    await this.server.end('SIGTERM');
  }
}
