import { type BodyStore, type JobBody, type LargeBody, maxSlabBodyBytes, maxTextBodyBytes, textOf } from '../core/body-store.js';

const lf = 0x0a;

/** Longest command line in bytes, CR LF included (protocol.txt). A longer line is dropped up to its end; the reply is BAD_FORMAT. */
export const maxLineBytes = 224;

/** Result of `CommandReader.line` for a line that is longer than `maxLineBytes`. */
export const overlongLine = Symbol('overlong line');

/** Bytes that are converted to text at once: enough for many short commands, and only a small part of a large body. */
const windowBytes = 1024;

const empty = Buffer.alloc(0);

/**
 * Splits the byte stream of a client into command lines and bodies. The result does not depend on how the stream is cut into
 * chunks. Every method is synchronous; undefined means that more bytes are needed.
 */
export class CommandReader {
  private readonly queue: Buffer[] = [];
  private queuedBytes = 0;
  private chunk: Buffer = empty;
  private position = 0;
  /** A part of the chunk as Latin-1: one character is one byte. */
  private text = '';
  private textStart = 0;
  private lineStart = '';
  private isDiscarding = false;
  private body: LargeBody | undefined;
  private bodyFilled = 0;

  /** `bodies`: where large bodies are stored. */
  constructor(private readonly bodies: BodyStore) {}

  /** Adds received bytes. They must not be changed afterwards. */
  push(chunk: Buffer): void {
    if (this.position >= this.chunk.length && this.queue.length === 0) return this.load(chunk);
    this.queue.push(chunk);
    this.queuedBytes += chunk.length;
  }

  /** Bytes that were pushed and not read yet. */
  get waitingBytes(): number {
    const waiting = this.chunk.length - this.position;
    return this.queue.length === 0 ? waiting : this.queue.reduce((sum, chunk) => sum + chunk.length, waiting);
  }

  /** Reads the next line, without its CR LF. */
  line(): string | typeof overlongLine | undefined {
    if (this.lineStart !== '' || this.isDiscarding) return this.lineByWindow();
    return this.lineInText() ?? this.lineByWindow();
  }

  /** Reads the next `size` bytes. Call it with the same `size` until it returns a body. */
  bytes(size: number): JobBody | undefined {
    if (size <= maxTextBodyBytes && !this.body && this.chunk.length - this.position >= size) return this.textOf(size);
    while (this.bodyFilled < size && this.hasMore()) this.fillBody(size);
    if (this.bodyFilled < size) return undefined;
    return this.takeBody();
  }

  /** Frees the body that has not arrived as a whole. */
  dropBody(): void {
    if (this.body) this.bodies.release(this.body);
    this.body = undefined;
  }

  /** Drops up to `count` bytes and returns how many it dropped. */
  skip(count: number): number {
    let skipped = 0;
    while (skipped < count && this.hasMore()) {
      const step = Math.min(count - skipped, this.chunk.length - this.position);
      this.position += step;
      skipped += step;
    }
    return skipped;
  }

  private lineInText(): string | undefined {
    const start = this.position - this.textStart;
    const end = this.text.indexOf('\r', start);
    if (end < 0 || end - start > maxLineBytes - 2 || this.text.charCodeAt(end + 1) !== lf) return undefined;
    this.position += end + 2 - start;
    return this.text.substring(start, end);
  }

  /**
   * As beanstalkd 1.12: it examines 224 bytes at a time and only the first CR among them. A CR without LF hides every later
   * line end until the 224 bytes are full and dropped.
   */
  private lineByWindow(): string | typeof overlongLine | undefined {
    while (this.hasMore()) {
      const room = maxLineBytes - this.lineStart.length;
      const window = this.lineStart + this.peekText(room);
      const end = window.indexOf('\r');
      if (end >= 0 && window.charCodeAt(end + 1) === lf) return this.finishLine(window, end);
      this.position += window.length - this.lineStart.length;
      this.lineStart = window.length < maxLineBytes ? window : this.discard();
    }
    return undefined;
  }

  private finishLine(window: string, end: number): string | typeof overlongLine {
    this.position += end + 2 - this.lineStart.length;
    this.lineStart = '';
    if (!this.isDiscarding) return window.substring(0, end);
    this.isDiscarding = false;
    return overlongLine;
  }

  private discard(): string {
    this.isDiscarding = true;
    return '';
  }

  /** Up to `size` bytes from the current position, as many as this chunk has. */
  private peekText(size: number): string {
    const end = Math.min(this.position + size, this.chunk.length);
    if (end > this.textStart + this.text.length) this.readWindow();
    return this.text.substring(this.position - this.textStart, end - this.textStart);
  }

  private readWindow(): void {
    this.textStart = this.position;
    this.text = this.chunk.toString('latin1', this.position, this.position + windowBytes);
  }

  private textOf(size: number): string {
    const text = this.peekText(size);
    this.position += size;
    return text;
  }

  private takeBody(): JobBody | undefined {
    const { body } = this;
    this.body = undefined;
    this.bodyFilled = 0;
    if (!body || body.length > maxTextBodyBytes) return body;
    const text = textOf(body);
    this.bodies.release(body);
    return text;
  }

  private fillBody(size: number): void {
    const body = this.bodyFor(size);
    const copied = body.fill(this.bodyFilled, this.chunk, this.position);
    this.position += copied;
    this.bodyFilled += copied;
  }

  /** A very large body grows with the received bytes: an announced size alone must not cost memory. */
  private bodyFor(size: number): LargeBody {
    const { body } = this;
    if (body && this.bodyFilled < body.length) return body;
    const larger = this.bodies.allocate(Math.min(size, Math.max(maxSlabBodyBytes, 2 * this.bodyFilled)));
    body?.copyTo(larger.memory, larger.start);
    this.dropBody();
    this.body = larger;
    return larger;
  }

  private hasMore(): boolean {
    if (this.position < this.chunk.length) return true;
    const next = this.queue.shift();
    if (!next) return this.dropChunk();
    this.queuedBytes -= next.length;
    this.load(next);
    return true;
  }

  /** A client that sends nothing must not keep memory. */
  private dropChunk(): false {
    if (this.chunk.length > 0) this.load(empty);
    return false;
  }

  private load(chunk: Buffer): void {
    this.chunk = chunk;
    this.position = 0;
    this.text = '';
    this.textStart = 0;
  }
}
