/** Longest command line, CR LF included; a longer one is thrown away up to its end and answered BAD_FORMAT. */
export const maxLineBytes = 224;

export const overlongLine = Symbol('overlong line');

const empty = Buffer.alloc(0);

/**
 * Cuts a client's byte stream into command lines and bodies, however it was cut into chunks. Synchronous; asks for more by
 * answering undefined. A body that came in one chunk is given out as a view of it.
 */
export class CommandReader {
  private readonly queue: Buffer[] = [];
  private chunk: Buffer = empty;
  private text = '';
  private position = 0;
  private lineStart = '';
  private isDiscarding = false;
  private body: Buffer = empty;
  private bodyFilled = 0;

  push(chunk: Buffer): void {
    if (this.position < this.chunk.length) this.queue.push(chunk);
    else this.load(chunk);
  }

  /** Bytes that came and were not asked for yet. */
  get waitingBytes(): number {
    return this.queue.reduce((sum, chunk) => sum + chunk.length, this.chunk.length - this.position);
  }

  /** The next line without its CR LF. */
  line(): string | typeof overlongLine | undefined {
    if (this.lineStart === '' && !this.isDiscarding) {
      const end = this.text.indexOf('\r', this.position);
      if (end >= 0 && end - this.position <= maxLineBytes - 2 && this.text.charCodeAt(end + 1) === 0x0a) return this.cut(end);
    }
    return this.lineByWindow();
  }

  /** The next `size` bytes as one buffer. */
  bytes(size: number): Buffer | undefined {
    if (this.body.length === 0 && this.chunk.length - this.position >= size) return this.view(size);
    if (this.body.length === 0) this.body = Buffer.allocUnsafeSlow(size);
    while (this.bodyFilled < size && this.hasMore()) this.bodyFilled += this.copyTo(this.body, this.bodyFilled);
    if (this.bodyFilled < size) return undefined;
    const body = this.body;
    this.body = empty;
    this.bodyFilled = 0;
    return body;
  }

  /** Throws away up to `count` bytes; returns how many. */
  skip(count: number): number {
    let skipped = 0;
    while (skipped < count && this.hasMore()) {
      const step = Math.min(count - skipped, this.chunk.length - this.position);
      this.position += step;
      skipped += step;
    }
    return skipped;
  }

  private cut(end: number): string {
    const line = this.text.substring(this.position, end);
    this.position = end + 2;
    return line;
  }

  /**
   * beanstalkd looks at 224 bytes at a time and only at the first CR among them: a CR without LF hides every later line end
   * until the window is full and thrown away.
   */
  private lineByWindow(): string | typeof overlongLine | undefined {
    while (this.hasMore()) {
      const room = maxLineBytes - this.lineStart.length;
      const window = this.lineStart + this.text.substring(this.position, this.position + room);
      const end = window.indexOf('\r');
      if (end >= 0 && window.charCodeAt(end + 1) === 0x0a) return this.finishLine(window, end);
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

  private view(size: number): Buffer {
    const body = this.chunk.subarray(this.position, this.position + size);
    this.position += size;
    return body;
  }

  private copyTo(target: Buffer, at: number): number {
    const copied = this.chunk.copy(target, at, this.position);
    this.position += copied;
    return copied;
  }

  private hasMore(): boolean {
    if (this.position < this.chunk.length) return true;
    const next = this.queue.shift();
    if (!next) return false;
    this.load(next);
    return true;
  }

  private load(chunk: Buffer): void {
    this.chunk = chunk;
    this.text = chunk.toString('latin1');
    this.position = 0;
  }
}
