import { createServer, type Socket } from 'node:net';
import { parseArgs } from 'node:util';

const LF = 0x0a;
const LETTER_P = 0x70;
const LETTER_R = 0x72;
const CR_LF_BYTES = 2;
const NO_BYTES = Buffer.alloc(0);

/**
 * Reads the commands of a bench client and sends the expected replies, without storing a job. It measures Node itself: sockets
 * and minimal parsing. No queue server in Node can be faster.
 */
class BareSession {
  private bodyBytes = 0;
  private job: Buffer = NO_BYTES;
  private rest: Buffer = NO_BYTES;
  private bytesToSkip = 0;
  private isBodyAwaited = false;
  private replies: (string | Buffer)[] = [];

  constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', () => socket.destroy());
  }

  private receive(received: Buffer): void {
    const chunk = this.rest.length > 0 ? Buffer.concat([this.rest, received]) : received;
    let at = this.skipBody(chunk, 0);
    for (let end = chunk.indexOf(LF, at); end >= 0 && at < chunk.length; end = chunk.indexOf(LF, at)) {
      this.reply(chunk, at, end);
      at = this.skipBody(chunk, end + 1);
    }
    this.rest = chunk.subarray(at);
    this.send();
  }

  private reply(chunk: Buffer, at: number, end: number): void {
    const letter = chunk[at];
    if (letter === LETTER_P) this.awaitBody(chunk, end);
    else this.replies.push(letter === LETTER_R ? this.job : 'DELETED\r\n');
  }

  private awaitBody(chunk: Buffer, end: number): void {
    const bodyBytes = Number(chunk.toString('latin1', chunk.lastIndexOf(' ', end), end));
    if (bodyBytes !== this.bodyBytes) this.job = Buffer.from(`RESERVED 1 ${bodyBytes}\r\n${'x'.repeat(bodyBytes)}\r\n`);
    this.bodyBytes = bodyBytes;
    this.bytesToSkip = bodyBytes + CR_LF_BYTES;
    this.isBodyAwaited = true;
  }

  private skipBody(chunk: Buffer, at: number): number {
    const skipped = Math.min(this.bytesToSkip, chunk.length - at);
    this.bytesToSkip -= skipped;
    if (this.isBodyAwaited && this.bytesToSkip === 0) {
      this.isBodyAwaited = false;
      this.replies.push('INSERTED 1\r\n');
    }
    return at + skipped;
  }

  private send(): void {
    const { replies } = this;
    if (replies.length === 0) return;
    this.replies = [];
    if (replies.every((reply) => reply.length < 1024)) this.socket.write(replies.join(''), 'latin1');
    else this.sendVector(replies);
  }

  private sendVector(replies: readonly (string | Buffer)[]): void {
    this.socket.cork();
    for (const reply of replies) this.socket.write(reply, 'latin1');
    this.socket.uncork();
  }
}

const { values } = parseArgs({ options: { listen: { type: 'string', short: 'l' }, port: { type: 'string', short: 'p' } }, strict: false });
createServer((socket) => new BareSession(socket)).listen(Number(values.port), String(values.listen));
