import type { Job } from '../core/job.js';

/** Bodies up to this size are cheaper to append to the text than to keep as buffers of their own. */
const inlineBodyBytes = 1024;

/** How much a client may let pile up by asking for much with few bytes, a large body over and over for instance. */
const fullAtBytes = 128 * 1024;

/** Replies that wait to be sent in one write. Text is kept as Latin-1: one character, one byte. */
export class ReplyBuffer {
  private readonly parts: Buffer[] = [];
  private text = '';
  private partBytes = 0;

  get isEmpty(): boolean {
    return this.text === '' && this.parts.length === 0;
  }

  /** Nothing more should be added before what waits is sent. */
  get isFull(): boolean {
    return this.text.length + this.partBytes > fullAtBytes;
  }

  line(line: string): void {
    this.text += line;
    this.text += '\r\n';
  }

  job(word: string, job: Job): void {
    this.line(`${word} ${job.id} ${job.bodyBytes}`);
    if (job.body.length <= inlineBodyBytes) this.text += job.body.toString('latin1');
    else this.append(this.takeText(), job.body);
  }

  /** All that waits, as one string when it can be. Empties the buffer. */
  take(): string | Buffer {
    if (this.parts.length === 0) return this.takeString();
    const all = Buffer.concat([...this.parts, this.takeText()]);
    this.parts.length = 0;
    this.partBytes = 0;
    return all;
  }

  private append(...parts: readonly Buffer[]): void {
    for (const part of parts) this.partBytes += part.length;
    this.parts.push(...parts);
  }

  private takeText(): Buffer {
    return Buffer.from(this.takeString(), 'latin1');
  }

  private takeString(): string {
    const text = this.text;
    this.text = '';
    return text;
  }
}
