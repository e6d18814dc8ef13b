import type { JobState } from '../core/job.js';
import type { LogWindow } from './log-window.js';
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
  readonly reserves: number;
  readonly timeouts: number;
  readonly releases: number;
  readonly buries: number;
  readonly kicks: number;
  readonly state: JobState;
  /** Undefined in a short record. Valid until the next record is read. */
  readonly body: Buffer | undefined;
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

/** Distances of the parts of one record from its start, in bytes. */
interface Extent {
  readonly jobAt: number;
  readonly bodyAt: number;
  readonly end: number;
}

/** Reads the records of one log file, in order. Understands beanstalkd's log versions 7 and 5. */
export class RecordReader {
  private readonly layout: Layout;
  private recordsEnd: number;

  /**
   * `window`: opened at the start of the file. Throws when the file has another version. A file without a header, or with zeros only,
   * has no records.
   */
  constructor(private readonly window: LogWindow) {
    const version = this.readVersion();
    const layout = layouts[version];
    if (!layout) throw new Error(`log format ${version} is not ${formatVersion} or 5`);
    this.layout = layout;
    this.recordsEnd = window.position;
  }

  /** Offset behind the last record that was read, in bytes. */
  get position(): number {
    return this.recordsEnd;
  }

  /** Reads the next record. Undefined at the end of the file, at zeros, and at a torn or damaged record. */
  next(): LogRecord | undefined {
    const extent = this.extent();
    if (!extent || !this.window.has(extent.end) || !this.isWhole(extent)) return undefined;
    const record = this.read(extent);
    if (!record) return undefined;
    this.window.advance(extent.end);
    this.recordsEnd = this.window.position;
    return record;
  }

  /**
   * True when `next` stopped at more than a last record that a crash tore: something was written behind it, or the file has
   * become shorter than the size it was created with. Then acknowledged records may be lost. Reads the file to its end.
   */
  isDamaged(): boolean {
    const extent = this.extent();
    const size = extent?.end ?? 0;
    const record = this.window.skip(size);
    const rest = this.window.skip(Infinity);
    if (record.isZero && rest.isZero) return false;
    return !extent || record.bytes < size || !rest.isZero;
  }

  private readVersion(): number {
    const { window } = this;
    const hasVersion = window.has(headerBytes);
    const version = hasVersion ? window.bytes.readInt32LE(window.origin) : 0;
    if (version !== 0) window.advance(headerBytes);
    const isUnwritten = version === 0 && (window.skip(Infinity).isZero || !hasVersion);
    return isUnwritten ? formatVersion : version;
  }

  /** Undefined when no record can have this name length. Bytes beyond the end of the file count as zero. */
  private extent(): Extent | undefined {
    const { nameLengthBytes, jobBytes } = this.layout;
    const nameBytes = this.uint32(0);
    if (nameBytes > maxNameBytes || (nameLengthBytes > 4 && this.uint32(4) > 0)) return undefined;
    const jobAt = nameLengthBytes + nameBytes;
    const bodyAt = jobAt + jobBytes;
    const bodyBytes = nameBytes > 0 ? this.uint32(jobAt + 32) : 0;
    return { jobAt, bodyAt, end: bodyAt + bodyBytes };
  }

  /** True when the end of the body is on the disk too: after a loss of power, a torn record ends in zeros. */
  private isWhole({ jobAt, bodyAt, end }: Extent): boolean {
    const { bytes, origin } = this.window;
    if (readId(bytes, origin + jobAt) === 0) return false;
    return end === bodyAt || lineEnd.equals(bytes.subarray(origin + end - lineEnd.length, origin + end));
  }

  private uint32(distance: number): number {
    return this.window.has(distance + 4) ? this.window.bytes.readUInt32LE(this.window.origin + distance) : 0;
  }

  /** Undefined when the state is unknown. */
  private read({ jobAt, bodyAt, end }: Extent): LogRecord | undefined {
    const { bytes, origin } = this.window;
    const { nameLengthBytes, unitsPerMs } = this.layout;
    const at = origin + jobAt;
    const tubeName = bytes.toString('latin1', origin + nameLengthBytes, at);
    const state = statesOnDisk[bytes.readUInt8(at + 76)];
    if (!state) return undefined;
    return {
      tubeName,
      id: readId(bytes, at),
      priority: bytes.readUInt32LE(at + 8),
      delayMs: readMs(bytes, at + 16, unitsPerMs),
      ttrMs: readMs(bytes, at + 24, unitsPerMs),
      createdAtMs: readMs(bytes, at + 40, unitsPerMs),
      deadlineAtMs: readMs(bytes, at + 48, unitsPerMs),
      reserves: bytes.readUInt32LE(at + 56),
      timeouts: bytes.readUInt32LE(at + 60),
      releases: bytes.readUInt32LE(at + 64),
      buries: bytes.readUInt32LE(at + 68),
      kicks: bytes.readUInt32LE(at + 72),
      state,
      body: tubeName === '' ? undefined : bytes.subarray(origin + bodyAt, origin + end),
    };
  }
}

function readId(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * twoTo32;
}

function readMs(bytes: Buffer, at: number, unitsPerMs: number): number {
  return toSmallInteger((bytes.readUInt32LE(at) + bytes.readInt32LE(at + 4) * twoTo32) / unitsPerMs);
}

/** The same number. V8 stores the result of a division in memory of its own, even if it fits into the field of an object. */
function toSmallInteger(value: number): number {
  const integer = value | 0;
  return integer === value ? integer : value;
}
