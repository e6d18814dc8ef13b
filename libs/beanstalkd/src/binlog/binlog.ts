import type { Job } from '../core/job.js';
import type { Journal, JournalStatistics } from '../core/journal.js';
import { LogFiles, type LogFilesOptions } from './log-files.js';
import { fullRecordBytes, shortRecordBytes, writeFullRecord, writeShortRecord } from './record.js';
import { Segment } from './segment.js';

/** Compact when the files are this many times as large as what lives in them. */
const wasteRatio = 2;

/**
 * Writes every change of the queue behind the last one. Every living job has room for the record of its deletion, so that a
 * full disk can always be emptied. Files that no job needs any more are removed, oldest first; when most of what is kept is
 * waste, the oldest file's jobs are written again at the end.
 */
export class Binlog implements Journal {
  private readonly files: LogFiles;
  private livingJobs = 0;
  private liveBytes = 0;
  private recordsWritten = 0;
  private recordsMigrated = 0;

  /** `segments`: the files found at start, oldest first, with the jobs that live in them. Throws when the disk has no room for more. */
  constructor(options: LogFilesOptions, segments: readonly Segment[]) {
    this.files = new LogFiles(options, segments);
    for (const segment of segments) for (const job of segment.jobs) this.count(job);
    if (!this.files.ensureRoom(0, this.livingJobs)) throw new Error(`${options.directory} has no room for the log`);
    this.files.giveUpUnneeded();
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

  /** Bytes were written since the last sync. */
  get needsSync(): boolean {
    return this.files.needsSync;
  }

  ensureRoomFor(job: Job): boolean {
    return this.files.ensureRoom(fullRecordBytes(job), this.livingJobs + 1);
  }

  ensureRoomForChange(): boolean {
    return this.files.ensureRoom(shortRecordBytes, this.livingJobs);
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

  /** Hands everything to the operating system. Throws when the disk refuses; what it did not take is kept for the next try. */
  flush(): void {
    this.files.flush();
  }

  syncNow(): void {
    this.files.syncNow();
  }

  sync(): Promise<void> {
    return this.files.sync();
  }

  close(): void {
    this.files.close();
  }

  private writeFull(job: Job): void {
    const segment = this.files.append(job, fullRecordBytes(job), writeFullRecord);
    this.recordsWritten += 1;
    job.segment = segment;
    segment.jobs.add(job);
    this.count(job);
  }

  /** With the room for its deletion. */
  private count(job: Job): void {
    job.journalBytes = fullRecordBytes(job) + shortRecordBytes;
    this.liveBytes += job.journalBytes;
    this.livingJobs += 1;
  }

  private forget(job: Job): void {
    if (job.segment instanceof Segment) job.segment.jobs.delete(job);
    job.segment = undefined;
    this.liveBytes -= job.journalBytes;
    job.journalBytes = 0;
    this.livingJobs -= 1;
    this.files.giveUpUnneeded();
  }

  private compact(): void {
    for (let ratio = this.ratioOfWaste(); ratio >= wasteRatio && this.files.pastCount > 1; ratio -= 1) this.migrateOne();
  }

  private ratioOfWaste(): number {
    if (this.liveBytes === 0) return 0;
    return Math.floor((this.files.count * this.files.segmentBytes - this.liveBytes) / this.liveBytes);
  }

  private migrateOne(): void {
    const [job] = this.files.oldest.jobs;
    if (!job || !this.files.ensureRoom(fullRecordBytes(job), this.livingJobs)) return;
    this.forget(job);
    this.recordsMigrated += 1;
    this.writeFull(job);
  }
}
