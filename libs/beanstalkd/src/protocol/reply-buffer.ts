import type { Job } from '../core/job.js';

/** Bodies up to this size are cheaper to append to the text than to keep as buffers of their own. */
const inlineBodyBytes = 1024;

/** How much a client may let pile up by asking for much with few bytes, a large body over and over for instance. */
const fullAtBytes = 128 * 1024;

/** Replies that wait to be sent together. Text is Latin-1: one character, one byte. */
export class ReplyBuffer {
  private parts: (string | Buffer)[] = [];
  private partBytes = 0;
  private text = '';

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
    const { body } = job;
    if (typeof body === 'string') this.text += body;
    else if (body.length <= inlineBodyBytes) this.text += body.toString('latin1');
    else this.large(body);
  }

  /** All that waits, in pieces that are to follow each other; large bodies are not copied. Empties the buffer. */
  take(): readonly (string | Buffer)[] {
    const { parts, text } = this;
    if (text !== '') parts.push(text);
    this.text = '';
    this.parts = [];
    this.partBytes = 0;
    return parts;
  }

  private large(body: Buffer): void {
    this.parts.push(this.text, body);
    this.partBytes += this.text.length + body.length;
    this.text = '';
  }
}
