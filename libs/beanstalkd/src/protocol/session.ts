import type { Connection, ReserveReceiver, WaitEnd } from '../core/connection.js';
import type { Job } from '../core/job.js';
import type { QueueState } from '../core/queue-state.js';
import { Arguments, BadFormat } from './arguments.js';
import type { CommandContext } from './command.js';
import { CommandReader, overlongLine } from './command-reader.js';
import { findCommand } from './command-table.js';
import { ReplyBuffer } from './reply-buffer.js';
import type { ServerInfo } from './statistics.js';

/** What a session needs. `state` and `serverInfo` are the same for all sessions of a server. */
export interface SessionOptions {
  readonly state: QueueState;
  readonly serverInfo: ServerInfo;
  /** Largest body that `put` accepts, without its CR LF. */
  readonly maxJobBytes: number;
  /** Called after each reply that is added to `replies`, and when the session ends. */
  readonly onOutput: () => void;
}

/** Protocol state of one client, without a socket: takes received bytes and collects replies. Serves one command after the other. */
export class Session implements CommandContext, ReserveReceiver {
  readonly connection: Connection;
  readonly state: QueueState;
  readonly serverInfo: ServerInfo;
  readonly maxJobBytes: number;
  /** Replies that the owner must send. Call `proceed` after it has taken them. */
  readonly replies: ReplyBuffer;
  private readonly reader: CommandReader;
  private readonly args = new Arguments();
  private readonly onOutput: () => void;
  private awaitedJob: Job | undefined;
  private bodyBytes = 0;
  private bytesToSkip = 0;
  private replyAfterSkip = '';
  private isInputEnded = false;
  private isClosed = false;
  private hasLeft = false;

  /** Connects the client to the queue. */
  constructor(options: SessionOptions) {
    this.state = options.state;
    this.serverInfo = options.serverInfo;
    this.maxJobBytes = options.maxJobBytes;
    this.onOutput = options.onOutput;
    this.replies = new ReplyBuffer(options.state.bodies);
    this.reader = new CommandReader(options.state.bodies);
    this.connection = options.state.connect(this);
  }

  /** True when the connection can be closed after the current replies have been sent. */
  get isOver(): boolean {
    return this.isClosed || (this.isInputEnded && !this.connection.isWaiting && !this.replies.isFull);
  }

  /** Bytes that were received and not parsed yet. They accumulate while a reserve waits. */
  get waitingBytes(): number {
    return this.reader.waitingBytes;
  }

  /** Takes bytes from the client and serves the commands in them. */
  receive(chunk: Buffer): void {
    this.reader.push(chunk);
    this.proceed();
  }

  /**
   * The client has closed its half of the connection. A waiting reserve ends with TIMED_OUT (protocol.txt), and so does each later
   * one. The client leaves the queue when its last command is served.
   */
  endInput(): void {
    this.isInputEnded = true;
    if (this.connection.isWaiting) this.state.endWait(this.connection, 'TIMED_OUT');
    this.proceed();
    this.onOutput();
  }

  /** Ends the session and removes the client from the queue: its reserved jobs become ready. Later calls do nothing. */
  leave(): void {
    this.isClosed = true;
    if (this.hasLeft) return;
    this.hasLeft = true;
    this.reader.dropBody();
    this.state.disconnect(this.connection);
  }

  /** Serves the received commands, until one needs more bytes, a reserve waits or `replies` is full. */
  proceed(): void {
    while (this.mayServe && this.step()) {
      if (this.isInputEnded && this.connection.isWaiting) this.state.endWait(this.connection, 'TIMED_OUT');
    }
    if (this.isOver) this.leave();
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
    this.awaitedJob = job;
    this.bodyBytes = bytesWithLineEnd;
  }

  skipBytes(count: number, reply: string): void {
    this.bytesToSkip = count;
    this.replyAfterSkip = reply;
  }

  close(): void {
    this.leave();
    this.onOutput();
  }

  private get mayServe(): boolean {
    return !this.connection.isWaiting && !this.isClosed && !this.replies.isFull;
  }

  /** Processes one line, one body or dropped bytes. False when more bytes are needed first. */
  private step(): boolean {
    if (this.awaitedJob) return this.readBody(this.awaitedJob);
    if (this.bytesToSkip > 0) return this.skipMore();
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

  private readBody(job: Job): boolean {
    const body = this.reader.bytes(this.bodyBytes);
    if (body === undefined) return false;
    this.awaitedJob = undefined;
    job.body = body;
    const reply = this.put(job);
    if (job.state === 'invalid') this.state.bodies.release(body);
    this.reply(reply);
    return true;
  }

  /** Returns the reply. */
  private put(job: Job): string {
    if (!(typeof job.body === 'string' ? job.body.endsWith('\r\n') : job.body.hasLineEnd)) return 'EXPECTED_CRLF';
    if (this.state.isDraining) return 'DRAINING';
    return this.state.put(job) ? `INSERTED ${job.id}` : 'OUT_OF_MEMORY';
  }

  private skipMore(): boolean {
    this.bytesToSkip -= this.reader.skip(this.bytesToSkip);
    if (this.bytesToSkip > 0) return false;
    this.reply(this.replyAfterSkip);
    return true;
  }
}
