import type { RawClient } from '../../support/beanstalkd-process.js';
import { endOfReply } from './lockstep.js';

/** What a client knows of a job that it put: the states it may be in, `gone` among them. */
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

const outcomes: Readonly<Record<Change, string>> = { delete: 'gone', bury: 'buried', release: 'delayed' };

const inFlight = 200;

/** Writes as fast as its server answers, and keeps book of what was acknowledged. */
export class HastyClient {
  readonly jobs = new Map<number, KnownJob>();
  /** Bodies whose put was not answered. */
  readonly unanswered = new Set<string>();
  private readonly sent: Sent[] = [];
  private readonly untouched: number[] = [];
  private unread = '';
  private puts = 0;

  constructor(
    private readonly raw: RawClient,
    private readonly name: string,
    private readonly random: () => number,
  ) {}

  /** Until that many replies have come. Throws when the server hangs up or refuses. */
  async write(replyCount: number): Promise<void> {
    for (let count = 0; count < replyCount;) {
      while (this.sent.length < inFlight) this.sendNext();
      await this.raw.more();
      count += this.takeReplies();
    }
  }

  /** Takes what the server still answered before it was killed. */
  async takeRest(): Promise<void> {
    await this.raw.ended();
    this.takeReplies();
    this.raw.close();
  }

  private sendNext(): void {
    const dice = this.random();
    if (dice < 0.5 || this.untouched.length === 0) return this.put();
    const [id = 0] = this.untouched.splice(Math.floor(this.random() * this.untouched.length), 1);
    if (dice < 0.8) this.change('delete', id, `delete ${id}`);
    else if (dice < 0.9) this.changeReserved('bury', id, `bury ${id} 7`);
    else this.changeReserved('release', id, `release ${id} 9 1000000`);
  }

  private put(): void {
    this.puts += 1;
    const body = `${this.name} ${this.puts} ${'x'.repeat(Math.floor(this.random() * 400))}`;
    this.unanswered.add(body);
    this.send({ command: 'put', id: 0, body }, `put 5 0 1000 ${body.length}\r\n${body}`);
  }

  private changeReserved(command: Change, id: number, line: string): void {
    this.send({ command: 'reserve-job', id, body: '' }, `reserve-job ${id}`);
    this.change(command, id, line);
  }

  private change(command: Change, id: number, line: string): void {
    const body = this.jobs.get(id)?.body ?? '';
    this.jobs.set(id, { body, states: ['ready', outcomes[command]] });
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
    if (!sent || !reply.startsWith(replies[sent.command])) throw new Error(`${JSON.stringify(sent)} was answered ${reply}`);
    const { command, id, body } = sent;
    if (command === 'put') this.inserted(Number(reply.split(' ')[1]), body);
    else if (command !== 'reserve-job') this.jobs.set(id, { body, states: [outcomes[command]] });
  }

  private inserted(id: number, body: string): void {
    this.unanswered.delete(body);
    this.jobs.set(id, { body, states: ['ready'] });
    this.untouched.push(id);
  }
}
