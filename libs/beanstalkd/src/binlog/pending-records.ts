import type { Job } from '../core/job.js';
import type { WriteRecord } from './record.js';

/** The system copies a write page by page and may be stopped between two of them. Larger pages are multiples of this one. */
const pageBytes = 4096;
const firstCapacity = 64 * 1024;

export interface FileWrite {
  readonly bytes: Buffer;
  /** Where in the file. */
  readonly at: number;
}

/** Length and the first number behind it: readers end at a record that has zeros here. */
const visibleBytes = 12;
const lengthBytes = 4;
/** A length that no reader goes beyond. */
const impossibleLength = Buffer.alloc(lengthBytes, 0xff);

interface Straddling {
  readonly start: number;
  /** The end of the page, behind the length. */
  readonly pageEnd: number;
  readonly end: number;
}

/**
 * Records that were gathered and not yet written. A record that a kill cut at the end of a page would be read as another one:
 * what is missing reads as zeros, and zeros in the wrong place are the deletion of another job. So what of a record lies
 * behind the page it begins in is written first; until its beginning is there, nobody sees it. Where the page ends within
 * the first number, an impossible length hides it meanwhile.
 */
export class PendingRecords {
  private buffer = Buffer.alloc(0);
  private usedBytes = 0;
  /** Places in the buffer. */
  private readonly straddling: Straddling[] = [];

  /** `at`: where in the file the first of them goes. */
  constructor(private at: number) {}

  /** Where in the file the last of them ends. */
  get end(): number {
    return this.at + this.usedBytes;
  }

  append(job: Job, bytes: number, write: WriteRecord): void {
    const start = this.usedBytes;
    if (start + bytes > this.buffer.length) this.grow(bytes);
    write(this.buffer, start, job);
    this.usedBytes += bytes;
    const pageEnd = start + lengthBytes + pageBytes - ((this.at + start + lengthBytes) % pageBytes);
    if (pageEnd < this.usedBytes) this.straddling.push({ start, pageEnd, end: this.usedBytes });
  }

  /** What to write, in this order. */
  writes(): FileWrite[] {
    if (this.usedBytes === 0) return [];
    const first = this.straddling.flatMap((record) => this.hiddenWrites(record));
    return [...first, ...this.visibleWrites()];
  }

  /** They are written; the next ones go behind them. */
  clear(): void {
    this.at += this.usedBytes;
    this.usedBytes = 0;
    this.straddling.length = 0;
  }

  private hiddenWrites({ start, pageEnd, end }: Straddling): FileWrite[] {
    const rest = this.toWrite(pageEnd, end);
    return pageEnd < start + visibleBytes ? [{ bytes: impossibleLength, at: this.at + start }, rest] : [rest];
  }

  /** From the first to the last. A rest of more than a page is not written twice: copying it costs more than one more call. */
  private *visibleWrites(): Generator<FileWrite> {
    let from = 0;
    for (const { pageEnd, end } of this.straddling) {
      if (end - pageEnd <= pageBytes) continue;
      yield this.toWrite(from, pageEnd);
      from = end;
    }
    if (from < this.usedBytes) yield this.toWrite(from, this.usedBytes);
  }

  private toWrite(from: number, to: number): FileWrite {
    return { bytes: this.buffer.subarray(from, to), at: this.at + from };
  }

  private grow(bytes: number): void {
    const larger = Buffer.allocUnsafe(Math.max(firstCapacity, 2 * (this.usedBytes + bytes)));
    this.buffer.copy(larger, 0, 0, this.usedBytes);
    this.buffer = larger;
  }
}
