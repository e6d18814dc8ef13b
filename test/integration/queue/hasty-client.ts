import type { RawClient } from '../../support/beanstalkd-process.js';
import { endOfReply } from './lockstep.js';

/** A job that a client has put. `states`: the states that the job may have, `deleted` included. */
export interface KnownJob {
  readonly body: string;
  readonly states: readonly string[];
}

type Change = 'delete' | 'bury' | 'release';

interface Sent {
  readonly command: 'put' | 'reserve-job' | Change;
  readonly id: number;
  readonly body: string;
}

const replies: Readonly<Record<Sent['command'], string>> = {
  put: 'INSERTED',
  'reserve-job': 'RESERVED',
  delete: 'DELETED',
  bury: 'BURIED',
  release: 'RELEASED',
};

const statesAfter: Readonly<Record<Change, string>> = { delete: 'deleted', bury: 'buried', release: 'delayed' };

const maxInFlight = 200;

/** Sends commands as fast as the server replies, and records what was acknowledged. */
export class HastyClient {
  /** Jobs by id. */
  readonly jobs = new Map<number, KnownJob>();
  /** Bodies whose put has no reply yet. */
  readonly unacknowledged = new Set<string>();
  private readonly sent: Sent[] = [];
  private readonly unchanged: number[] = [];
  private unread = '';
  private puts = 0;

  constructor(
    private readonly raw: RawClient,
    private readonly name: string,
    private readonly random: () => number,
  ) {}

  /** Sends commands until that many replies have arrived. Throws when the server closes the connection or refuses a command. */
  async write(replyCount: number): Promise<void> {
    for (let count = 0; count < replyCount;) {
      while (this.sent.length < maxInFlight) this.sendNext();
      await this.raw.more();
      count += this.takeReplies();
    }
  }

  /** Processes the replies that the server sent before it was killed, and closes the connection. */
  async takeRest(): Promise<void> {
    await this.raw.ended();
    this.takeReplies();
    this.raw.close();
  }

  private sendNext(): void {
    const chance = this.random();
    if (chance < 0.5 || this.unchanged.length === 0) return this.put();
    const [id = 0] = this.unchanged.splice(Math.floor(this.random() * this.unchanged.length), 1);
    if (chance < 0.8) this.change('delete', id, `delete ${id}`);
    else if (chance < 0.9) this.changeReserved('bury', id, `bury ${id} 7`);
    else this.changeReserved('release', id, `release ${id} 9 1000000`);
  }

  private put(): void {
    this.puts += 1;
    const body = `${this.name} ${this.puts} ${'x'.repeat(Math.floor(this.random() * 400))}`;
    this.unacknowledged.add(body);
    this.send({ command: 'put', id: 0, body }, `put 5 0 1000 ${body.length}\r\n${body}`);
  }

  private changeReserved(command: Change, id: number, line: string): void {
    this.send({ command: 'reserve-job', id, body: '' }, `reserve-job ${id}`);
    this.change(command, id, line);
  }

  private change(command: Change, id: number, line: string): void {
    const body = this.jobs.get(id)?.body ?? '';
    this.jobs.set(id, { body, states: ['ready', statesAfter[command]] });
    this.send({ command, id, body }, line);
  }

  private send(sent: Sent, line: string): void {
    this.sent.push(sent);
    this.raw.send(`${line}\r\n`);
  }

  private takeReplies(): number {
    this.unread += this.raw.takeReceived();
    let count = 0;
    let at = 0;
    for (let end = endOfReply(this.unread, at); end !== undefined; end = endOfReply(this.unread, at)) {
      this.take(this.unread.slice(at, end));
      at = end;
      count += 1;
    }
    this.unread = this.unread.slice(at);
    return count;
  }

  private take(reply: string): void {
    const sent = this.sent.shift();
    if (!sent || !reply.startsWith(replies[sent.command])) throw new Error(`${JSON.stringify(sent)} got the reply ${reply}`);
    const { command, id, body } = sent;
    if (command === 'put') this.inserted(Number(reply.split(' ')[1]), body);
    else if (command !== 'reserve-job') this.jobs.set(id, { body, states: [statesAfter[command]] });
  }

  private inserted(id: number, body: string): void {
    this.unacknowledged.delete(body);
    this.jobs.set(id, { body, states: ['ready'] });
    this.unchanged.push(id);
  }
}
