import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { bodyOf, type BenchClient, type ClientOptions } from './bench-client.js';

const LF = 0x0a;
const LETTER_R = 0x52;
const CR_LF_BYTES = 2;
const NO_BYTES = Buffer.alloc(0);

/**
 * Speaks the protocol itself with as little work as possible, so that the server is measured: all commands that one chunk of
 * replies makes room for are sent in one write.
 */
class RawClient implements BenchClient {
  private readonly putCommand: Buffer;
  private readonly putBatch: Buffer;
  private readonly reserveLine = 'reserve\r\n';
  private unsent = 0;
  private pending = 0;
  private bytesToSkip = 0;
  private rest: Buffer = NO_BYTES;
  private onReplies: (chunk: Buffer) => void = () => {};
  private settle: { resolve(): void; reject(error: Error): void } = { resolve: () => {}, reject: () => {} };

  constructor(
    private readonly socket: Socket,
    private readonly options: ClientOptions,
  ) {
    const body = bodyOf(options.bodyBytes);
    this.putCommand = Buffer.concat([Buffer.from(`put 0 0 120 ${body.length}\r\n`), body, Buffer.from('\r\n')]);
    this.putBatch = Buffer.concat(Array.from({ length: options.inFlight }, () => this.putCommand));
    socket.on('data', (chunk: Buffer) => this.onReplies(chunk));
    socket.on('close', () => this.settle.reject(new Error('the server closed the connection')));
  }

  put(count: number): Promise<void> {
    this.onReplies = (chunk) => this.takeInserted(chunk);
    return this.run(count, (commands) => this.sendPuts(commands));
  }

  reserveAndDelete(count: number): Promise<void> {
    this.onReplies = (chunk) => this.takeJobs(chunk);
    return this.run(count, (commands) => this.socket.write(this.reserveLine.repeat(commands), 'latin1'));
  }

  close(): void {
    this.socket.destroy();
  }

  private run(count: number, send: (commands: number) => void): Promise<void> {
    const first = Math.min(count, this.options.inFlight);
    this.pending = count;
    this.unsent = count - first;
    return new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
      send(first);
    });
  }

  private complete(count: number): void {
    this.pending -= count;
    if (this.pending === 0) this.settle.resolve();
  }

  /** Returns how many commands to send now, `room` at most, and counts them as sent. */
  private takeCommands(room: number): number {
    const commands = Math.min(room, this.unsent);
    this.unsent -= commands;
    return commands;
  }

  private sendPuts(commands: number): void {
    if (commands > 0) this.socket.write(this.putBatch.subarray(0, commands * this.putCommand.length));
  }

  private takeInserted(chunk: Buffer): void {
    let replies = 0;
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) replies += 1;
    this.sendPuts(this.takeCommands(replies));
    this.complete(replies);
  }

  /** Replies to `RESERVED <id> <bytes>` and the body with a delete, and to `DELETED` with the next reserve. */
  private takeJobs(received: Buffer): void {
    const chunk = this.rest.length > 0 ? Buffer.concat([this.rest, received]) : received;
    let commands = '';
    let deleted = 0;
    let at = this.skipBody(chunk, 0);
    for (let end = chunk.indexOf(LF, at); end >= 0; end = chunk.indexOf(LF, at)) {
      if (chunk[at] === LETTER_R) {
        commands += this.deleteCommand(chunk, at);
        this.bytesToSkip = this.options.bodyBytes + CR_LF_BYTES;
      } else deleted += 1;
      at = this.skipBody(chunk, end + 1);
    }
    this.rest = chunk.subarray(at);
    commands += this.reserveLine.repeat(this.takeCommands(deleted));
    if (commands !== '') this.socket.write(commands, 'latin1');
    this.complete(deleted);
  }

  private deleteCommand(chunk: Buffer, at: number): string {
    const idAt = at + 'RESERVED '.length;
    return `delete ${chunk.toString('latin1', idAt, chunk.indexOf(' ', idAt))}\r\n`;
  }

  private skipBody(chunk: Buffer, at: number): number {
    const skipped = Math.min(this.bytesToSkip, chunk.length - at);
    this.bytesToSkip -= skipped;
    return at + skipped;
  }
}

/** Opens a connection that speaks the protocol itself. */
export async function connectRawClient(options: ClientOptions): Promise<BenchClient> {
  const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return new RawClient(socket, options);
}
