import { findFreePort, type RawClient } from '../../support/beanstalkd-process.js';
import { QueueProcess, type QueueProcessOptions } from '../../support/queue-process.js';
import { eventually } from './queue-scene.js';

const witnessBodies = ['', 'x', '\r\nDELETED\r\n', 'y'.repeat(3_000), '\0\xff\xfe'];

/** A client that behaves: it puts, takes and deletes without a pause, and remembers what was not as it should be. */
class Witness {
  private isStopping = false;
  private jobs = 0;
  private readonly complaints: string[] = [];
  private readonly ended: Promise<void>;

  private constructor(private readonly client: RawClient) {
    this.ended = this.work();
  }

  static async start(server: QueueProcess): Promise<Witness> {
    const client = await server.connect();
    await client.ask('use witness\r\nwatch witness\r\nignore default\r\n', /WATCHING 1\r\n$/);
    return new Witness(client);
  }

  /** Resolves when it was served that many more times. */
  async served(times: number): Promise<void> {
    const goal = this.jobs + times;
    await eventually(
      () => this.jobs >= goal || this.complaints.length > 0,
      (isReached) => isReached,
    );
  }

  /** How many jobs came back to it as they were, and what else was said to it. */
  async end(): Promise<{ readonly jobs: number; readonly complaints: readonly string[] }> {
    this.isStopping = true;
    await this.ended;
    this.client.close();
    return { jobs: this.jobs, complaints: this.complaints };
  }

  private async work(): Promise<void> {
    while (!this.isStopping && this.complaints.length === 0) {
      for (const body of witnessBodies) await this.passOn(body);
    }
  }

  private async passOn(body: string): Promise<void> {
    const inserted = await this.client.ask(`put 0 0 60 ${body.length}\r\n${body}\r\n`);
    const id = /^INSERTED (\d+)\r\n$/.exec(inserted)?.[1] ?? '';
    const job = `RESERVED ${id} ${body.length}\r\n${body}\r\n`;
    this.client.send('reserve\r\n');
    const reserved = await this.client.take(job.length);
    const deleted = await this.client.ask(`delete ${id}\r\n`);
    if (reserved === job && deleted === 'DELETED\r\n') this.jobs += 1;
    else this.complaints.push(inserted + reserved + deleted);
  }
}

/** Our server as a process of its own, a witness that works all the while, an observer that asks, and those who misbehave. */
export class AbuseScene {
  private readonly clients = new Set<RawClient>();

  private constructor(
    readonly server: QueueProcess,
    readonly witness: Witness,
    readonly observer: RawClient,
  ) {}

  static async open(options: Partial<QueueProcessOptions> = {}): Promise<AbuseScene> {
    const server = await QueueProcess.start({ maker: 'ours', hasCollector: true, port: await findFreePort(), ...options });
    return new AbuseScene(server, await Witness.start(server), await server.connect());
  }

  async connect(): Promise<RawClient> {
    const client = await this.server.connect();
    this.clients.add(client);
    return client;
  }

  async connectMany(count: number): Promise<RawClient[]> {
    return Promise.all(Array.from({ length: count }, () => this.connect()));
  }

  /** By turns without a word and by breaking the connection. */
  async dropAll(): Promise<void> {
    [...this.clients].forEach((client, index) => (index % 2 === 0 ? client.close() : client.reset()));
    this.clients.clear();
    const left = await eventually(
      () => this.observer.count('stats', 'current-connections'),
      (count) => count === 2,
    );
    if (left !== 2) throw new Error(`the server still has ${left} connections`);
  }

  /** Its memory once everything that is not needed is given back. */
  async settledBytes(): Promise<number> {
    for (let round = 0; round < 3; round += 1) {
      this.server.collectGarbage();
      await this.witness.served(20);
    }
    return this.server.residentBytes;
  }

  async close(): Promise<void> {
    for (const client of [...this.clients, this.observer]) client.close();
    await this.server.end('SIGTERM');
  }
}
