import type { Connection, ReserveReceiver, WaitEnd } from '../core/connection.js';
import type { Job, JobBody } from '../core/job.js';
import type { QueueState } from '../core/queue-state.js';
import { Arguments, BadFormat } from './arguments.js';
import type { CommandContext } from './command.js';
import { CommandReader, overlongLine } from './command-reader.js';
import { findCommand } from './command-table.js';
import { ReplyBuffer } from './reply-buffer.js';
import type { ServerFacts } from './statistics.js';

export interface SessionOptions {
  readonly state: QueueState;
  readonly facts: ServerFacts;
  readonly maxJobBytes: number;
  /** There are replies to send, or the session is over. Called as often as that becomes true. */
  readonly onOutput: () => void;
}

const cr = 0x0d;
const lf = 0x0a;

/** One client's conversation: bytes in, replies out, without knowing what carries them. Commands are served strictly in turn. */
export class Session implements CommandContext, ReserveReceiver {
  readonly connection: Connection;
  readonly state: QueueState;
  readonly facts: ServerFacts;
  readonly maxJobBytes: number;
  readonly replies = new ReplyBuffer();
  private readonly reader = new CommandReader();
  private readonly args = new Arguments();
  private readonly onOutput: () => void;
  private incoming: Job | undefined;
  private incomingBytes = 0;
  private bytesToSkip = 0;
  private replyAfterSkip = '';
  private isInputEnded = false;
  private isClosed = false;

  constructor(options: SessionOptions) {
    this.state = options.state;
    this.facts = options.facts;
    this.maxJobBytes = options.maxJobBytes;
    this.onOutput = options.onOutput;
    this.connection = options.state.connect(this);
  }

  /** Nothing more will be read or answered once what is in `replies` is sent. */
  get isOver(): boolean {
    return this.isClosed || (this.isInputEnded && !this.connection.isWaiting && !this.replies.isFull);
  }

  /** Bytes received and not yet looked at: they pile up while a reserve waits. */
  get waitingBytes(): number {
    return this.reader.waitingBytes;
  }

  receive(chunk: Buffer): void {
    this.reader.push(chunk);
    this.proceed();
  }

  /** The client will send no more; a waiting reserve ends. */
  endInput(): void {
    this.isInputEnded = true;
    if (this.connection.isWaiting) this.state.endWait(this.connection, 'TIMED_OUT');
    this.proceed();
    this.onOutput();
  }

  /** The client is gone. */
  abandon(): void {
    this.isClosed = true;
    this.state.disconnect(this.connection);
  }

  /** Serves what has been received, as far as that goes and its replies have room. */
  proceed(): void {
    while (this.mayServe && this.step()) {
      if (this.isInputEnded && this.connection.isWaiting) this.state.endWait(this.connection, 'TIMED_OUT');
    }
  }

  // ReserveReceiver

  reserved(job: Job): void {
    this.replyWithJob('RESERVED', job);
  }

  waitEnded(why: WaitEnd): void {
    this.reply(why);
  }

  // CommandContext

  reply(line: string): void {
    this.replies.line(line);
    this.onOutput();
  }

  replyWithJob(word: 'RESERVED' | 'FOUND', job: Job): void {
    this.replies.job(word, job);
    this.onOutput();
  }

  replyWithText(text: string): void {
    this.replies.line(`OK ${text.length}`);
    this.reply(text);
  }

  receiveBody(job: Job, bytesWithLineEnd: number): void {
    this.incoming = job;
    this.incomingBytes = bytesWithLineEnd;
  }

  skipBytes(count: number, reply: string): void {
    this.bytesToSkip = count;
    this.replyAfterSkip = reply;
  }

  close(): void {
    this.isClosed = true;
    this.onOutput();
  }

  private get mayServe(): boolean {
    return !this.connection.isWaiting && !this.isClosed && !this.replies.isFull;
  }

  /** One line, body or skipped stretch; false when more bytes are needed first. */
  private step(): boolean {
    if (this.incoming) return this.takeBody(this.incoming);
    if (this.bytesToSkip > 0) return this.skipOn();
    const line = this.reader.line();
    if (line === undefined) return false;
    if (line === overlongLine) this.reply('BAD_FORMAT');
    else this.serve(line);
    return true;
  }

  private serve(line: string): void {
    if (line.includes('\0')) return this.reply('BAD_FORMAT');
    const command = findCommand(line);
    if (!command) return this.reply('UNKNOWN_COMMAND');
    try {
      command.execute(this, this.args.startAt(line, command.prefix.length));
    } catch (error) {
      if (!(error instanceof BadFormat)) throw error;
      this.reply('BAD_FORMAT');
    }
  }

  private takeBody(job: Job): boolean {
    const body = this.reader.bytes(this.incomingBytes);
    if (body === undefined) return false;
    this.incoming = undefined;
    job.body = body;
    this.reply(this.putReceived(job));
    return true;
  }

  private putReceived(job: Job): string {
    if (!endsWithLineEnd(job.body)) return 'EXPECTED_CRLF';
    if (this.state.isDraining) return 'DRAINING';
    return this.state.put(job) ? `INSERTED ${job.id}` : 'OUT_OF_MEMORY';
  }

  private skipOn(): boolean {
    this.bytesToSkip -= this.reader.skip(this.bytesToSkip);
    if (this.bytesToSkip > 0) return false;
    this.reply(this.replyAfterSkip);
    return true;
  }
}

function endsWithLineEnd(body: JobBody): boolean {
  if (typeof body === 'string') return body.endsWith('\r\n');
  return body[body.length - 2] === cr && body[body.length - 1] === lf;
}
