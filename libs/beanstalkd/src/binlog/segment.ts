import { closeSync, fdatasyncSync, fdatasync, fsyncSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Job } from '../core/job.js';
import { JobList } from '../core/job-list.js';
import type { JournalSegment } from '../core/journal.js';
import { PendingRecords } from './pending-records.js';
import { formatVersion, headerBytes, type WriteRecord } from './record.js';

/** Path of log file number `index`, named as beanstalkd names it. */
export function segmentPath(directory: string, index: number): string {
  return join(directory, `binlog.${index}`);
}

const zeros = Buffer.alloc(256 * 1024);

/**
 * One log file. It collects records until `flush`, so that a batch of commands costs one write. A file is needed while a job
 * has its body in it or in an older file.
 */
export class Segment implements JournalSegment {
  /** Jobs whose body is in this file. */
  readonly jobs = new JobList();
  private file: number | undefined;
  private pending = new PendingRecords(headerBytes);
  private sizeBytes = 0;

  /** Neither opens nor creates the file: see `create`. */
  constructor(
    private readonly directory: string,
    readonly index: number,
  ) {}

  /** Bytes left for records; 0 or less in a file that is only read. */
  get freeBytes(): number {
    return this.sizeBytes - this.pending.end;
  }

  /**
   * Creates the file and fills it with zeros up to its full size, as beanstalkd does: a full disk is noticed here, before a
   * change is acknowledged, and a later sync has only records to write. Throws when the file exists; throws and leaves no file
   * when there is no room.
   */
  create(sizeBytes: number): void {
    const path = segmentPath(this.directory, this.index);
    this.file = openSync(path, 'wx', 0o600);
    try {
      for (let at = 0; at < sizeBytes;) at += writeSync(this.file, zeros, 0, Math.min(zeros.length, sizeBytes - at), at);
      const header = Buffer.alloc(headerBytes);
      header.writeInt32LE(formatVersion);
      writeSync(this.file, header, 0, headerBytes, 0);
    } catch (error) {
      this.close();
      rmSync(path, { force: true });
      throw error;
    }
    this.sizeBytes = sizeBytes;
  }

  /** Adds a record of `bytes` bytes, to be written by `flush`. The caller checks `freeBytes`. */
  append(job: Job, bytes: number, write: WriteRecord): void {
    this.pending.append(job, bytes, write);
  }

  /** Writes all records to the file, without a sync. Throws when a write fails; all records stay for the next call. */
  flush(): void {
    for (const { bytes, at } of this.pending.writes()) this.writeAt(bytes, at);
    this.pending.clear();
  }

  /** Waits until all written bytes are on the disk (fdatasync). Throws when the disk fails. */
  syncNow(): void {
    if (this.file !== undefined) fdatasyncSync(this.file);
  }

  /** As `syncNow`, without blocking. Never rejects: a disk failure appears at the next write. */
  async sync(): Promise<void> {
    const file = this.file;
    if (file !== undefined) await new Promise<void>((resolve) => fdatasync(file, () => resolve()));
  }

  /** Cuts the file to its records and closes it. */
  seal(): void {
    if (this.file !== undefined) ftruncateSync(this.file, this.pending.end);
    this.close();
  }

  /** Closes the file and drops unwritten records. Does nothing on a closed file. */
  close(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
    this.pending = new PendingRecords(headerBytes);
    this.sizeBytes = 0;
  }

  /** Closes and deletes the file. Throws when it cannot be deleted. */
  remove(): void {
    this.close();
    rmSync(segmentPath(this.directory, this.index), { force: true });
  }

  private writeAt(bytes: Buffer, at: number): void {
    if (this.file === undefined) return;
    for (let done = 0; done < bytes.length;) done += writeSync(this.file, bytes, done, bytes.length - done, at + done);
  }
}

/** Waits until new file names in `directory` are on the disk (fsync). Throws when that fails. */
export function syncDirectory(directory: string): void {
  const folder = openSync(directory, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
