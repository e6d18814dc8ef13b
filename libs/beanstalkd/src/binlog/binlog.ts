import type { Job } from '../core/job.js';
import type { Journal, JournalStatistics } from '../core/journal.js';
import { fullRecordBytes, headerBytes, shortRecordBytes, writeFullRecord, writeShortRecord } from './record.js';
import { Segment } from './segment.js';

export interface BinlogOptions {
  readonly directory: string;
  /** Size of one log file; at least one record is written to a file however small that is. */
  readonly segmentBytes: number;
}

/** Compact when the files are this many times as large as what lives in them. */
const wasteRatio = 2;

/**
 * Writes every change of the queue behind the last one. Records are gathered until `flush`, so that a batch of commands
 * costs one write. Files that no job needs any more are removed, oldest first; when most of what is kept is waste, the
 * oldest file's jobs are written again at the end.
 */
export class Binlog implements Journal {
  private readonly segments: Segment[];
  private readonly segmentBytes: number;
  private pending = Buffer.allocUnsafe(64 * 1024);
  private pendingBytes = 0;
  private currentBytes = headerBytes;
  private liveBytes = 0;
  private recordsWritten = 0;
  private recordsMigrated = 0;
  private isUnsynced = false;

  /** `segments`: the files found at start, oldest first, with the jobs that live in them. */
  constructor(
    private readonly options: BinlogOptions,
    segments: readonly Segment[],
    private newestIndex: number,
  ) {
    this.segments = [...segments];
    this.segmentBytes = Math.ceil(options.segmentBytes / 4096) * 4096;
    for (const segment of segments) for (const job of segment.jobs) this.count(job, shortRecordBytes + fullRecordBytes(job));
    this.startSegment();
    this.removeUnneeded();
  }

  get statistics(): JournalStatistics {
    return {
      oldestIndex: this.oldest?.index ?? 0,
      currentIndex: this.newestIndex,
      recordsMigrated: this.recordsMigrated,
      recordsWritten: this.recordsWritten,
      maxSegmentBytes: this.segmentBytes,
    };
  }

  /** Bytes were written since the last sync. */
  get needsSync(): boolean {
    return this.isUnsynced;
  }

  added(job: Job): void {
    this.writeFull(job);
    this.compact();
  }

  changed(job: Job): void {
    this.makeRoom(shortRecordBytes);
    this.pendingBytes = writeShortRecord(this.pending, this.pendingBytes, job);
    this.recordsWritten += 1;
    if (job.state === 'invalid') this.forget(job);
    this.compact();
  }

  /** Hands everything to the operating system. Throws when the disk refuses; the bytes are kept for the next try. */
  flush(): void {
    if (this.pendingBytes === 0) return;
    this.current.write(this.pending.subarray(0, this.pendingBytes));
    this.pendingBytes = 0;
    this.isUnsynced = true;
  }

  syncNow(): void {
    this.isUnsynced = false;
    this.current.syncNow();
  }

  async sync(): Promise<void> {
    this.isUnsynced = false;
    await this.current.sync();
  }

  close(): void {
    this.flush();
    if (this.isUnsynced) this.syncNow();
    for (const segment of this.segments) segment.close();
  }

  private get oldest(): Segment | undefined {
    return this.segments[0];
  }

  private get current(): Segment {
    return this.segments.at(-1) ?? this.startSegment();
  }

  private writeFull(job: Job): void {
    const bytes = fullRecordBytes(job);
    this.makeRoom(bytes);
    this.pendingBytes = writeFullRecord(this.pending, this.pendingBytes, job);
    this.recordsWritten += 1;
    const { current } = this;
    job.segment = current;
    current.jobs.add(job);
    this.count(job, bytes + shortRecordBytes);
  }

  private count(job: Job, bytes: number): void {
    job.journalBytes = bytes;
    this.liveBytes += bytes;
  }

  private forget(job: Job): void {
    if (job.segment instanceof Segment) job.segment.jobs.delete(job);
    job.segment = undefined;
    this.liveBytes -= job.journalBytes;
    job.journalBytes = 0;
    this.removeUnneeded();
  }

  /** Room for one more record: in the current file, else in a new one; and in the buffer. */
  private makeRoom(bytes: number): void {
    const isFull = this.currentBytes + bytes > this.segmentBytes;
    if (isFull && this.currentBytes > headerBytes) this.turnOver();
    this.currentBytes += bytes;
    if (this.pendingBytes + bytes > this.pending.length) this.growPending(bytes);
  }

  private growPending(bytes: number): void {
    const larger = Buffer.allocUnsafe(2 * (this.pendingBytes + bytes));
    this.pending.copy(larger, 0, 0, this.pendingBytes);
    this.pending = larger;
  }

  private turnOver(): void {
    this.flush();
    if (this.isUnsynced) this.syncNow();
    this.current.close();
    this.startSegment();
  }

  private startSegment(): Segment {
    const segment = new Segment(this.options.directory, this.newestIndex + 1);
    segment.create(this.segmentBytes);
    this.newestIndex += 1;
    this.currentBytes = headerBytes;
    this.segments.push(segment);
    return segment;
  }

  /** Oldest first and never past one that is needed: a deletion recorded in a file is needed as long as the body it deletes may be found. */
  private removeUnneeded(): void {
    while (this.segments.length > 1 && this.oldest?.jobs.size === 0) this.segments.shift()?.remove();
  }

  private compact(): void {
    for (let ratio = this.ratioOfWaste(); ratio >= wasteRatio && this.segments.length > 2; ratio -= 1) this.migrateOne();
  }

  private ratioOfWaste(): number {
    if (this.liveBytes === 0) return 0;
    return Math.floor((this.segments.length * this.segmentBytes - this.liveBytes) / this.liveBytes);
  }

  private migrateOne(): void {
    const [job] = this.oldest?.jobs ?? [];
    if (!job) return;
    this.oldest?.jobs.delete(job);
    this.liveBytes -= job.journalBytes;
    this.recordsMigrated += 1;
    this.writeFull(job);
    this.removeUnneeded();
  }
}
