import type { Job } from '../core/job.js';
import { headerBytes, shortRecordBytes, type WriteRecord } from './record.js';
import { Segment, syncDirectory } from './segment.js';

/** Where and how the log is written. */
export interface LogFilesOptions {
  readonly directory: string;
  /** Size of one log file, rounded up to a multiple of 4096. A larger record gets a larger file of its own. */
  readonly segmentBytes: number;
  /** False: the log is never synced, not even before an old file is removed (`-F`). */
  readonly isSynced: boolean;
  /** Gets one line for each kind of disk failure, once until that operation succeeds again. */
  readonly onWarning: (message: string) => void;
}

type DiskFailure = 'no room for another log file' | 'cannot write the log' | 'cannot remove an old log file';

/**
 * The files of one log: older files, the current file that records go to, and spare files. Spare files are created in advance,
 * so that every record whose room was ensured fits. `flush` removes files that are not needed any more, after the records that
 * replace theirs have been written.
 */
export class LogFiles {
  /** Size of one log file, rounded up to a multiple of 4096. */
  readonly segmentBytes: number;
  /** Files that are only read, oldest first. */
  private readonly older: Segment[];
  private readonly spares: Segment[] = [];
  /** Number of short records that fit into the spare files. */
  private spareRecords = 0;
  private currentSegment: Segment;
  private readonly unflushed = new Set<Segment>();
  private readonly full: Segment[] = [];
  private readonly unneeded: Segment[] = [];
  private isUnsynced = false;
  /** Size of the smallest file that could not be created since the last `flush`. */
  private refusedBytes = Infinity;
  private readonly reportedFailures = new Set<DiskFailure>();

  /** `older`: the existing files, oldest first. Creates the current file; throws when the disk has no room for it. */
  constructor(
    private readonly options: LogFilesOptions,
    older: readonly Segment[],
  ) {
    this.segmentBytes = Math.ceil(options.segmentBytes / 4096) * 4096;
    this.older = [...older];
    this.currentSegment = this.createSegment((older.at(-1)?.index ?? 0) + 1, this.segmentBytes);
  }

  /** The oldest file that is still needed; the current file when there is no older one. */
  get oldest(): Segment {
    return this.older[0] ?? this.current;
  }

  /** The file that records go to. */
  get current(): Segment {
    return this.currentSegment;
  }

  /** Number of files, spare files included. */
  get count(): number {
    return this.older.length + 1 + this.spares.length;
  }

  /** Number of files that are older than the current one. */
  get olderCount(): number {
    return this.older.length;
  }

  /** True when bytes were written since the last sync. */
  get needsSync(): boolean {
    return this.isUnsynced;
  }

  /**
   * Makes sure that a record of `bytes` bytes and `shortRecords` short records behind it fit into existing files, and creates
   * spare files when needed. So `append` never fails for lack of space. False when the disk is full; a file of the refused size
   * is tried again only after the next `flush`.
   */
  ensureRoom(bytes: number, shortRecords: number): boolean {
    while (!this.hasRoom(bytes, shortRecords)) if (!this.tryToAddSpare(bytes)) return false;
    return true;
  }

  /** Adds a record, to be written by `flush`. Call `ensureRoom` first; throws without room. Returns the file that gets the record. */
  append(job: Job, bytes: number, write: WriteRecord): Segment {
    while (this.current.freeBytes < bytes) this.startNext();
    this.current.append(job, bytes, write);
    this.unflushed.add(this.current);
    return this.current;
  }

  /**
   * Marks files without jobs for removal by the next `flush`. Stops at the oldest file that has a job: a later file may record
   * the deletion of a job whose body is still in that file.
   */
  retireUnneeded(): void {
    while (this.older[0]?.jobs.size === 0) this.unneeded.push(...this.older.splice(0, 1));
  }

  /**
   * Writes all records to the files and removes unneeded files. With `isSynced`, syncs a file before it is sealed and the
   * current one before a file is removed. Throws when a write or such a sync fails; the unwritten records stay for the next
   * call. A failed removal is only reported.
   */
  flush(): void {
    this.refusedBytes = Infinity;
    if (this.unflushed.size === 0 && this.unneeded.length === 0) return;
    try {
      this.flushRecords();
      this.sealFull();
      if (this.unneeded.length > 0 && this.options.isSynced) this.syncNow();
      this.reportedFailures.delete('cannot write the log');
    } catch (error) {
      this.warn('cannot write the log', error);
      throw error;
    }
    this.removeUnneeded();
  }

  /** Waits until all written bytes are on the disk (fdatasync). Throws when the disk fails. */
  syncNow(): void {
    this.isUnsynced = false;
    this.current.syncNow();
  }

  /** As `syncNow`, without blocking. Never rejects: a disk failure appears at the next write. */
  async sync(): Promise<void> {
    this.isUnsynced = false;
    await this.current.sync();
  }

  /** Flushes, syncs when `isSynced`, removes the spare files and cuts the current file to its records. Throws when a write fails. */
  close(): void {
    this.flush();
    if (this.options.isSynced) this.syncNow();
    for (const spare of this.spares.splice(0)) spare.remove();
    this.current.seal();
  }

  private hasRoom(bytes: number, shortRecords: number): boolean {
    const { freeBytes } = this.current;
    if (freeBytes >= bytes) return countShortRecords(freeBytes - bytes) + this.spareRecords >= shortRecords;
    const at = this.spares.findIndex((spare) => spare.freeBytes >= bytes);
    const [first, ...others] = at < 0 ? [] : this.spares.slice(at);
    if (!first) return false;
    const records = others.reduce((sum, spare) => sum + countShortRecords(spare.freeBytes), countShortRecords(first.freeBytes - bytes));
    return records >= shortRecords;
  }

  private tryToAddSpare(recordBytes: number): boolean {
    const bytes = Math.max(this.segmentBytes, headerBytes + recordBytes);
    if (bytes >= this.refusedBytes) return false;
    try {
      const { index } = this.spares.at(-1) ?? this.current;
      const spare = this.createSegment(index + 1, bytes);
      this.spares.push(spare);
      this.spareRecords += countShortRecords(spare.freeBytes);
      this.reportedFailures.delete('no room for another log file');
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
    if (!next) throw new Error('no room for a record: ensureRoom must be called before append');
    this.spareRecords -= countShortRecords(next.freeBytes);
    this.older.push(this.current);
    this.full.push(this.current);
    this.currentSegment = next;
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

  /** A file that cannot be removed does no harm: the next `flush` tries again. */
  private removeUnneeded(): void {
    try {
      for (let [segment] = this.unneeded; segment; [segment] = this.unneeded) {
        segment.remove();
        this.unneeded.shift();
      }
      this.reportedFailures.delete('cannot remove an old log file');
    } catch (error) {
      this.warn('cannot remove an old log file', error);
    }
  }

  private warn(failure: DiskFailure, error: unknown): void {
    if (!this.reportedFailures.has(failure))
      this.options.onWarning(`${failure}: ${error instanceof Error ? error.message : String(error)}`);
    this.reportedFailures.add(failure);
  }
}

function countShortRecords(bytes: number): number {
  return Math.max(0, Math.floor(bytes / shortRecordBytes));
}
