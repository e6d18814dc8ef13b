import type { Job } from '../core/job.js';

/** A body up to this size is appended to the text: that is cheaper than a buffer of its own. */
const inlineBodyBytes = 1024;

/** Limit for unsent replies of one client: short commands can request large replies, for example `peek` of a large job. */
const fullAtBytes = 128 * 1024;

/** Collects the replies to one client, to be sent in one write. Text is Latin-1: one character is one byte. */
export class ReplyBuffer {
  private parts: (string | Buffer)[] = [];
  private partBytes = 0;
  private text = '';

  /** True when there is nothing to send. */
  get isEmpty(): boolean {
    return this.text === '' && this.parts.length === 0;
  }

  /** True above 128 KiB: serve no further command of this client before the replies have been sent. */
  get isFull(): boolean {
    return this.text.length + this.partBytes > fullAtBytes;
  }

  /** Adds one reply line and CR LF. */
  line(line: string): void {
    this.text += line;
    this.text += '\r\n';
  }

  /** Adds `<word> <id> <bytes>` and the body of the job. */
  job(word: string, job: Job): void {
    this.line(`${word} ${job.id} ${job.bodyBytes}`);
    const { body } = job;
    if (typeof body === 'string') this.text += body;
    else if (body.length <= inlineBodyBytes) this.text += body.toString('latin1');
    else this.large(body);
  }

  /** Removes and returns all replies, as pieces in the order of sending. Large bodies are not copied. */
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
