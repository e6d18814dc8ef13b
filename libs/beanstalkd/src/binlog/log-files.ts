import type { Job } from '../core/job.js';
import { headerBytes, shortRecordBytes, type WriteRecord } from './record.js';
import { Segment, syncDirectory } from './segment.js';

export interface LogFilesOptions {
  readonly directory: string;
  /** Size of one log file; a record that is larger gets a larger file for itself. */
  readonly segmentBytes: number;
  /** False: never wait for the disk, not even before an old file is removed. */
  readonly isSynced: boolean;
  /** Told when the disk refuses something, once until it takes it again. */
  readonly onWarning: (message: string) => void;
}

type Trouble = 'no room for another log file' | 'cannot write the log' | 'cannot remove an old log file';

/**
 * The files of one log. Behind the one that is written stand spare ones, as many as it takes to give every record that was
 * promised its room. A file that is not needed any more goes with the next `flush`, after what was written in its place is
 * safe.
 */
export class LogFiles {
  readonly segmentBytes: number;
  /** Older files, oldest first. */
  private readonly past: Segment[];
  private readonly spares: Segment[] = [];
  /** Short records that fit into the spare files. */
  private spareRecords = 0;
  private writtenTo: Segment;
  private readonly unflushed = new Set<Segment>();
  private readonly full: Segment[] = [];
  private readonly unneeded: Segment[] = [];
  private isUnsynced = false;
  /** The smallest file that the disk refused since the last `flush`. */
  private refusedBytes = Infinity;
  private readonly troubles = new Set<Trouble>();

  /** `past`: the files found at start, oldest first. Throws when there is no room for a new one. */
  constructor(
    private readonly options: LogFilesOptions,
    past: readonly Segment[],
  ) {
    this.segmentBytes = Math.ceil(options.segmentBytes / 4096) * 4096;
    this.past = [...past];
    this.writtenTo = this.createSegment((past.at(-1)?.index ?? 0) + 1, this.segmentBytes);
  }

  get oldest(): Segment {
    return this.past[0] ?? this.current;
  }

  get current(): Segment {
    return this.writtenTo;
  }

  get count(): number {
    return this.past.length + 1 + this.spares.length;
  }

  /** Files older than the current one. */
  get pastCount(): number {
    return this.past.length;
  }

  /** Bytes were written since the last sync. */
  get needsSync(): boolean {
    return this.isUnsynced;
  }

  /**
   * Room for a record of that many bytes and as many short ones behind it, in files that are there: `append` never needs
   * the disk to give more. False when the disk has no more; it is asked again after the next `flush`.
   */
  ensureRoom(bytes: number, shortRecords: number): boolean {
    while (!this.hasRoom(bytes, shortRecords)) if (!this.tryToAddSpare(bytes)) return false;
    return true;
  }

  /** Gathers one record, whose room was ensured. Returns the file that gets it. */
  append(job: Job, bytes: number, write: WriteRecord): Segment {
    while (this.current.freeBytes < bytes) this.startNext();
    this.current.append(job, bytes, write);
    this.unflushed.add(this.current);
    return this.current;
  }

  /**
   * Oldest first and never past one that is needed: a deletion recorded in a file is needed as long as the body it deletes
   * may be found.
   */
  giveUpUnneeded(): void {
    while (this.past[0]?.jobs.size === 0) this.unneeded.push(...this.past.splice(0, 1));
  }

  /** Hands all records to the operating system. Throws when the disk refuses; what was not taken is kept for the next try. */
  flush(): void {
    this.refusedBytes = Infinity;
    if (this.unflushed.size === 0 && this.unneeded.length === 0) return;
    try {
      this.flushRecords();
      this.sealFull();
      if (this.unneeded.length > 0 && this.options.isSynced) this.syncNow();
      this.troubles.delete('cannot write the log');
    } catch (error) {
      this.warn('cannot write the log', error);
      throw error;
    }
    this.removeUnneeded();
  }

  syncNow(): void {
    this.isUnsynced = false;
    this.current.syncNow();
  }

  async sync(): Promise<void> {
    this.isUnsynced = false;
    await this.current.sync();
  }

  /** Leaves on disk what a restart needs and no more. */
  close(): void {
    this.flush();
    if (this.options.isSynced) this.syncNow();
    for (const spare of this.spares.splice(0)) spare.remove();
    this.current.seal();
  }

  private hasRoom(bytes: number, shortRecords: number): boolean {
    const { freeBytes } = this.current;
    if (freeBytes >= bytes) return recordsIn(freeBytes - bytes) + this.spareRecords >= shortRecords;
    const at = this.spares.findIndex((spare) => spare.freeBytes >= bytes);
    const [first, ...others] = at < 0 ? [] : this.spares.slice(at);
    if (!first) return false;
    const records = others.reduce((sum, spare) => sum + recordsIn(spare.freeBytes), recordsIn(first.freeBytes - bytes));
    return records >= shortRecords;
  }

  private tryToAddSpare(recordBytes: number): boolean {
    const bytes = Math.max(this.segmentBytes, headerBytes + recordBytes);
    if (bytes >= this.refusedBytes) return false;
    try {
      const { index } = this.spares.at(-1) ?? this.current;
      const spare = this.createSegment(index + 1, bytes);
      this.spares.push(spare);
      this.spareRecords += recordsIn(spare.freeBytes);
      this.troubles.delete('no room for another log file');
      return true;
    } catch (error) {
      this.refusedBytes = bytes;
      this.warn('no room for another log file', error);
      return false;
    }
  }

  private createSegment(index: number, bytes: number): Segment {
    const segment = new Segment(this.options.directory, index);
    segment.create(bytes);
    if (this.options.isSynced) syncDirectory(this.options.directory);
    return segment;
  }

  private startNext(): void {
    const next = this.spares.shift();
    if (!next) throw new Error('a record is written whose room was not ensured');
    this.spareRecords -= recordsIn(next.freeBytes);
    this.past.push(this.current);
    this.full.push(this.current);
    this.writtenTo = next;
  }

  private flushRecords(): void {
    for (const segment of this.unflushed) {
      segment.flush();
      this.unflushed.delete(segment);
      this.isUnsynced = true;
    }
  }

  private sealFull(): void {
    for (let [segment] = this.full; segment; [segment] = this.full) {
      if (this.options.isSynced) segment.syncNow();
      segment.seal();
      this.full.shift();
    }
  }

  /** One that cannot be removed harms nobody: the next `flush` tries again. */
  private removeUnneeded(): void {
    try {
      for (let [segment] = this.unneeded; segment; [segment] = this.unneeded) {
        segment.remove();
        this.unneeded.shift();
      }
      this.troubles.delete('cannot remove an old log file');
    } catch (error) {
      this.warn('cannot remove an old log file', error);
    }
  }

  private warn(trouble: Trouble, error: unknown): void {
    if (!this.troubles.has(trouble)) this.options.onWarning(`${trouble}: ${error instanceof Error ? error.message : String(error)}`);
    this.troubles.add(trouble);
  }
}

function recordsIn(bytes: number): number {
  return Math.max(0, Math.floor(bytes / shortRecordBytes));
}
