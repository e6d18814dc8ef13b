import { type BodyStore, type LargeBody, type Slab, textOf } from '../core/body-store.js';
import type { Job } from '../core/job.js';

/** A body up to this size is appended to the text: that is cheaper than a buffer of its own. */
const inlineBodyBytes = 1024;

/** Limit for unsent replies of one client: short commands can request large replies, for example `peek` of a large job. */
const fullAtBytes = 128 * 1024;

/** Replies to one client, as pieces in the order of sending. */
export interface TakenReplies {
  readonly parts: readonly (string | Buffer)[];
  /** Memory that the parts are in. Give it to `ReplyBuffer.sent` when they are sent. */
  readonly holds: readonly Slab[];
}

const noHolds: readonly Slab[] = [];

/** Collects the replies to one client, to be sent in one write. Text is Latin-1: one character is one byte. */
export class ReplyBuffer {
  private parts: (string | Buffer)[] = [];
  private holds: Slab[] = [];
  private partBytes = 0;
  private text = '';

  /** `bodies`: where the bodies of the jobs are stored. */
  constructor(private readonly bodies: BodyStore) {}

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
    if (typeof body === 'string' || body.length <= inlineBodyBytes) this.text += textOf(body);
    else this.large(body);
  }

  /** Removes and returns all replies. Large bodies are not copied: call `sent` when the system has taken the bytes, or never will. */
  take(): TakenReplies {
    const { parts, text, holds } = this;
    if (text !== '') parts.push(text);
    this.text = '';
    this.parts = [];
    this.partBytes = 0;
    if (holds.length === 0) return { parts, holds: noHolds };
    this.holds = [];
    return { parts, holds };
  }

  /** The memory of these replies may be used again. */
  sent(holds: readonly Slab[]): void {
    for (const slab of holds) this.bodies.endHold(slab);
  }

  private large(body: LargeBody): void {
    this.parts.push(this.text, body.view());
    this.partBytes += this.text.length + body.length;
    this.text = '';
    const slab = this.bodies.hold(body);
    if (slab) this.holds.push(slab);
  }
}
