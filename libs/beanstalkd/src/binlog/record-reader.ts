import { type Job, type JobBody, type JobState, toJobBody } from '../core/job.js';
import { formatVersion, headerBytes, statesOnDisk } from './record.js';

/** One record of a log file. Times of day are ms since the epoch. */
export interface LogRecord {
  /** Empty in a short record. */
  readonly tubeName: string;
  readonly id: number;
  readonly priority: number;
  readonly delayMs: number;
  readonly ttrMs: number;
  readonly createdAtMs: number;
  readonly deadlineAtMs: number;
  readonly counts: Readonly<Pick<Job, 'reserves' | 'timeouts' | 'releases' | 'buries' | 'kicks'>>;
  readonly state: JobState;
  /** Undefined in a short record. */
  readonly body: JobBody | undefined;
}

interface Layout {
  readonly nameLengthBytes: number;
  readonly jobBytes: number;
  readonly unitsPerMs: number;
}

/** Version 5 (beanstalkd 1.5) has a name length of 8 bytes, no padding behind the state, and times in microseconds. */
const layouts: Readonly<Record<number, Layout>> = {
  [formatVersion]: { nameLengthBytes: 4, jobBytes: 80, unitsPerMs: 1e6 },
  5: { nameLengthBytes: 8, jobBytes: 77, unitsPerMs: 1e3 },
};

const twoTo32 = 2 ** 32;
const maxNameBytes = 200;
const lineEnd = Buffer.from('\r\n');

/** Offsets of the parts of one record, in bytes. */
interface Extent {
  readonly jobAt: number;
  readonly bodyAt: number;
  readonly end: number;
}

/** Reads the records of one log file, in order. Understands beanstalkd's log versions 7 and 5. */
export class RecordReader {
  private readonly layout: Layout;
  private at = headerBytes;

  /** `content`: the whole file. Throws when it has another version. A file without a header, or with zeros only, has no records. */
  constructor(private readonly content: Buffer) {
    const isUnwritten = content.length < headerBytes || isZero(content);
    const version = isUnwritten ? formatVersion : content.readInt32LE(0);
    const layout = layouts[version];
    if (!layout) throw new Error(`log format ${version} is not ${formatVersion} or 5`);
    this.layout = layout;
  }

  /** Offset behind the last record that was read, in bytes. */
  get position(): number {
    return this.at;
  }

  /** Reads the next record. Undefined at the end of the file, at zeros, and at a torn or damaged record. */
  next(): LogRecord | undefined {
    const extent = this.extent();
    if (!extent || !this.isWhole(extent)) return undefined;
    const { jobAt, bodyAt, end } = extent;
    const tubeName = this.content.toString('latin1', this.at + this.layout.nameLengthBytes, jobAt);
    const state = statesOnDisk[this.content.readUInt8(jobAt + 76)];
    if (!state) return undefined;
    this.at = end;
    const body = tubeName === '' ? undefined : toJobBody(this.content, bodyAt, end);
    return { tubeName, ...this.readJob(jobAt), state, body };
  }

  /**
   * True when `next` stopped at more than a last record that a crash tore: something was written behind it, or the file has
   * become shorter than the size it was created with. Then acknowledged records may be lost.
   */
  isDamaged(): boolean {
    const rest = this.content.subarray(this.at);
    if (isZero(rest)) return false;
    const extent = this.extent();
    return !extent || extent.end > this.content.length || !isZero(this.content.subarray(extent.end));
  }

  /** Undefined when no record can have this name length. Bytes beyond the end of the file count as zero. */
  private extent(): Extent | undefined {
    const { nameLengthBytes, jobBytes } = this.layout;
    const nameBytes = this.uint32(this.at);
    if (nameBytes > maxNameBytes || (nameLengthBytes > 4 && this.uint32(this.at + 4) > 0)) return undefined;
    const jobAt = this.at + nameLengthBytes + nameBytes;
    const bodyAt = jobAt + jobBytes;
    const bodyBytes = nameBytes > 0 ? this.uint32(jobAt + 32) : 0;
    return { jobAt, bodyAt, end: bodyAt + bodyBytes };
  }

  /** True when the end of the body is on the disk too: after a loss of power, a torn record ends in zeros. */
  private isWhole({ jobAt, bodyAt, end }: Extent): boolean {
    if (end > this.content.length || this.readId(jobAt) === 0) return false;
    return end === bodyAt || lineEnd.equals(this.content.subarray(end - lineEnd.length, end));
  }

  private uint32(at: number): number {
    return at + 4 <= this.content.length ? this.content.readUInt32LE(at) : 0;
  }

  private readId(jobAt: number): number {
    return this.content.readUInt32LE(jobAt) + this.content.readUInt32LE(jobAt + 4) * twoTo32;
  }

  private readMs(at: number): number {
    return (this.content.readUInt32LE(at) + this.content.readInt32LE(at + 4) * twoTo32) / this.layout.unitsPerMs;
  }

  private readJob(at: number) {
    const { content } = this;
    return {
      id: this.readId(at),
      priority: content.readUInt32LE(at + 8),
      delayMs: this.readMs(at + 16),
      ttrMs: this.readMs(at + 24),
      createdAtMs: this.readMs(at + 40),
      deadlineAtMs: this.readMs(at + 48),
      counts: {
        reserves: content.readUInt32LE(at + 56),
        timeouts: content.readUInt32LE(at + 60),
        releases: content.readUInt32LE(at + 64),
        buries: content.readUInt32LE(at + 68),
        kicks: content.readUInt32LE(at + 72),
      },
    };
  }
}

function isZero(bytes: Buffer): boolean {
  return bytes.length === 0 || (bytes[0] === 0 && bytes.subarray(1).equals(bytes.subarray(0, -1)));
}
