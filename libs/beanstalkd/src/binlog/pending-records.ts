import type { Job } from '../core/job.js';
import type { WriteRecord } from './record.js';

/** The kernel copies a write page by page, and a kill may stop it between two pages. Larger page sizes are multiples of this one. */
const pageBytes = 4096;
const firstCapacity = 64 * 1024;

/** One positioned write. */
export interface FileWrite {
  readonly bytes: Buffer;
  /** Offset in the file, in bytes. */
  readonly at: number;
}

/** The name length (4 bytes) and the 8 bytes behind it. A reader stops at a record that has zeros here. */
const visibleBytes = 12;
const lengthBytes = 4;
/** A name length at which every reader stops. */
const impossibleLength = Buffer.alloc(lengthBytes, 0xff);

/** A record that crosses the end of a page. Offsets in the buffer. */
interface CrossingRecord {
  readonly start: number;
  /** End of the page that the record's length is in. */
  readonly pageEnd: number;
  readonly end: number;
}

/**
 * Collects records and plans their writes so that a kill never leaves a torn record that can be read. If a kill stopped a
 * write at the end of a page, the missing part would read as zeros, and zeros in the wrong place mean the deletion of another
 * job. Therefore the part of a record behind its first page is written first; a reader does not see it before the beginning is
 * written. If the page ends within the bytes that make a record visible, an impossible length hides the record until then.
 */
export class PendingRecords {
  private buffer = Buffer.alloc(0);
  private usedBytes = 0;
  private readonly crossing: CrossingRecord[] = [];

  /** `at`: offset in the file for the first record, in bytes. */
  constructor(private at: number) {}

  /** Offset in the file behind the last record, in bytes. */
  get end(): number {
    return this.at + this.usedBytes;
  }

  /** Adds a record of `bytes` bytes about `job`; `write` writes it. */
  append(job: Job, bytes: number, write: WriteRecord): void {
    const start = this.usedBytes;
    if (start + bytes > this.buffer.length) this.grow(bytes);
    write(this.buffer, start, job);
    this.usedBytes += bytes;
    const pageEnd = start + lengthBytes + pageBytes - ((this.at + start + lengthBytes) % pageBytes);
    if (pageEnd < this.usedBytes) this.crossing.push({ start, pageEnd, end: this.usedBytes });
  }

  /** The writes for all records, to be done in this order. Valid until `clear`. */
  writes(): FileWrite[] {
    if (this.usedBytes === 0) return [];
    const first = this.crossing.flatMap((record) => this.hiddenWrites(record));
    return [...first, ...this.visibleWrites()];
  }

  /** Call it when all writes are done: drops the records and continues behind them. */
  clear(): void {
    this.at += this.usedBytes;
    this.usedBytes = 0;
    this.crossing.length = 0;
  }

  private hiddenWrites({ start, pageEnd, end }: CrossingRecord): FileWrite[] {
    const rest = this.toWrite(pageEnd, end);
    return pageEnd < start + visibleBytes ? [{ bytes: impossibleLength, at: this.at + start }, rest] : [rest];
  }

  /** All records in order. Skips a part that is already written, if it is larger than a page: one more call costs less than a copy. */
  private *visibleWrites(): Generator<FileWrite> {
    let from = 0;
    for (const { pageEnd, end } of this.crossing) {
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
