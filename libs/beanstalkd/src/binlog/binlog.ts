import type { Job } from '../core/job.js';
import type { Journal, JournalStatistics } from '../core/journal.js';
import { LogFiles, type LogFilesOptions } from './log-files.js';
import { fullRecordBytes, shortRecordBytes, writeFullRecord, writeShortRecord } from './record.js';
import { Segment } from './segment.js';

/** Compaction starts when the files hold this many bytes of waste for each needed byte. */
const wasteRatio = 2;

/**
 * Appends every change of the queue to log files, as beanstalkd 1.12 does with `-b`. The file names and the format are
 * beanstalkd's. Disk space for the deletion of each job is reserved with the job, so that jobs can be deleted on a full disk.
 * Files that no job needs are removed, oldest first. When most bytes of the files are waste, compaction writes the jobs of the
 * oldest file again at the end.
 */
export class Binlog implements Journal {
  private readonly files: LogFiles;
  private jobCount = 0;
  private neededBytes = 0;
  private recordsWritten = 0;
  private recordsMigrated = 0;

  /** `segments`: the existing files, oldest first, with their jobs. Throws when the disk has no room for a new file. */
  constructor(options: LogFilesOptions, segments: readonly Segment[]) {
    this.files = new LogFiles(options, segments);
    for (const segment of segments) for (const job of segment.jobs) this.count(job);
    if (!this.files.ensureRoom(0, this.jobCount)) throw new Error(`${options.directory} has no room for the log`);
    this.files.retireUnneeded();
    this.files.flush();
  }

  get statistics(): JournalStatistics {
    return {
      oldestIndex: this.files.oldest.index,
      currentIndex: this.files.current.index,
      recordsMigrated: this.recordsMigrated,
      recordsWritten: this.recordsWritten,
      maxSegmentBytes: this.files.segmentBytes,
    };
  }

  /** True when bytes were written since the last sync. */
  get needsSync(): boolean {
    return this.files.needsSync;
  }

  ensureRoomFor(job: Job): boolean {
    return this.files.ensureRoom(fullRecordBytes(job), this.jobCount + 1);
  }

  ensureRoomForChange(): boolean {
    return this.files.ensureRoom(shortRecordBytes, this.jobCount);
  }

  added(job: Job): void {
    this.writeFull(job);
    this.compact();
  }

  changed(job: Job): void {
    this.files.append(job, shortRecordBytes, writeShortRecord);
    this.recordsWritten += 1;
    if (job.state === 'invalid') this.forget(job);
    this.compact();
  }

  /** Writes all records to the files; `needsSync` is true when a sync is missing. Throws when a write fails: unwritten records stay. */
  flush(): void {
    this.files.flush();
  }

  /** Waits until all written bytes are on the disk (fdatasync). Throws when the disk fails. */
  syncNow(): void {
    this.files.syncNow();
  }

  /** As `syncNow`, without blocking. Never rejects: a disk failure appears at the next write. */
  sync(): Promise<void> {
    return this.files.sync();
  }

  /** Writes what is pending and closes the files; syncs them unless the log is never synced. Throws when a write fails. */
  close(): void {
    this.files.close();
  }

  private writeFull(job: Job): void {
    const segment = this.files.append(job, fullRecordBytes(job), writeFullRecord);
    this.recordsWritten += 1;
    job.segment = segment;
    segment.jobs.append(job);
    this.count(job);
  }

  private count(job: Job): void {
    this.neededBytes += neededBytesOf(job);
    this.jobCount += 1;
  }

  private forget(job: Job): void {
    if (job.segment instanceof Segment) job.segment.jobs.remove(job);
    job.segment = undefined;
    this.neededBytes -= neededBytesOf(job);
    this.jobCount -= 1;
    this.files.retireUnneeded();
  }

  private compact(): void {
    for (let ratio = this.wasteToNeeded(); ratio >= wasteRatio && this.files.olderCount > 1; ratio -= 1) this.migrateOne();
  }

  private wasteToNeeded(): number {
    if (this.neededBytes === 0) return 0;
    return Math.floor((this.files.count * this.files.segmentBytes - this.neededBytes) / this.neededBytes);
  }

  private migrateOne(): void {
    const job = this.files.oldest.jobs.first;
    if (!job || !this.files.ensureRoom(fullRecordBytes(job), this.jobCount)) return;
    this.forget(job);
    this.recordsMigrated += 1;
    this.writeFull(job);
  }
}

/** Size of the job's record and of the space for its deletion. */
const neededBytesOf = (job: Job): number => fullRecordBytes(job) + shortRecordBytes;
