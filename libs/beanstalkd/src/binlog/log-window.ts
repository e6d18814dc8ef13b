/** Reads up to `length` bytes into `target` at `offset`, and returns how many; 0 at the end of the file. */
export type ReadBytes = (target: Buffer, offset: number, length: number) => number;

const firstBytes = 256 * 1024;

/** Result of `LogWindow.skip`. */
export interface Skipped {
  readonly bytes: number;
  readonly isZero: boolean;
}

/**
 * The part of a log file that is in memory: the bytes from the current position on. It grows with the largest record, so that a start
 * needs no memory for whole files. One window reads one file after the other.
 */
export class LogWindow {
  private memory = Buffer.allocUnsafeSlow(firstBytes);
  private start = 0;
  private end = 0;
  private read: ReadBytes = () => 0;
  private startInFile = 0;

  /** Begins at the start of a file. */
  open(read: ReadBytes): void {
    this.read = read;
    this.start = 0;
    this.end = 0;
    this.startInFile = 0;
  }

  /** Offset of the current position in the file, in bytes. */
  get position(): number {
    return this.startInFile;
  }

  /** The bytes in memory. An offset from the current position is an index behind `origin`. Valid until the next call of another method. */
  get bytes(): Buffer {
    return this.memory;
  }

  /** Index of the current position in `bytes`. */
  get origin(): number {
    return this.start;
  }

  /** Whether the file has `count` more bytes. They are in `bytes` then. */
  has(count: number): boolean {
    while (this.end - this.start < count) {
      if (this.end === this.memory.length) this.makeRoom();
      if (!this.fill()) return false;
    }
    return true;
  }

  /** Moves the position behind bytes that `has` has found. */
  advance(count: number): void {
    this.start += count;
    this.startInFile += count;
  }

  /** Moves the position by `count` bytes, or to the end of the file. */
  skip(count: number): Skipped {
    let bytes = 0;
    let isAllZero = true;
    while (bytes < count && this.has(1)) {
      const step = Math.min(count - bytes, this.end - this.start);
      isAllZero &&= isZero(this.memory.subarray(this.start, this.start + step));
      this.advance(step);
      bytes += step;
    }
    return { bytes, isZero: isAllZero };
  }

  private fill(): boolean {
    const count = this.read(this.memory, this.end, this.memory.length - this.end);
    this.end += count;
    return count > 0;
  }

  /** Grows with the bytes that the file has: a damaged record may have any size. */
  private makeRoom(): void {
    const isFull = this.start === 0;
    const target = isFull ? Buffer.allocUnsafeSlow(2 * this.memory.length) : this.memory;
    this.memory.copy(target, 0, this.start, this.end);
    this.memory = target;
    this.end -= this.start;
    this.start = 0;
  }
}

function isZero(bytes: Buffer): boolean {
  return bytes.length === 0 || (bytes[0] === 0 && bytes.subarray(1).equals(bytes.subarray(0, -1)));
}
