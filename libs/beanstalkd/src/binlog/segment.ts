import { closeSync, fdatasyncSync, fdatasync, fsyncSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Job } from '../core/job.js';
import type { JournalSegment } from '../core/journal.js';
import { PendingRecords } from './pending-records.js';
import { formatVersion, headerBytes, type WriteRecord } from './record.js';

export function segmentPath(directory: string, index: number): string {
  return join(directory, `binlog.${index}`);
}

const zeros = Buffer.alloc(256 * 1024);

/**
 * One log file. Records are gathered until `flush`, so that a batch of commands costs one write. A file is kept while jobs
 * have their body in it or in an older one.
 */
export class Segment implements JournalSegment {
  readonly jobs = new Set<Job>();
  private file: number | undefined;
  private pending = new PendingRecords(headerBytes);
  private sizeBytes = 0;

  constructor(
    private readonly directory: string,
    readonly index: number,
  ) {}

  /** Room for records that was not taken yet; none in a file that is only read. */
  get freeBytes(): number {
    return this.sizeBytes - this.pending.end;
  }

  /**
   * Makes the file with its full size in zeros, as beanstalkd does: a full disk is noticed here, before anything is
   * promised, and a sync has only records to write. Throws, and leaves no file behind, when there is no room.
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

  /** Gathers one record of that many bytes. */
  append(job: Job, bytes: number, write: WriteRecord): void {
    this.pending.append(job, bytes, write);
  }

  /** Hands all records to the operating system. Throws when the disk refuses; the records are kept for the next try. */
  flush(): void {
    for (const { bytes, at } of this.pending.writes()) this.writeAt(bytes, at);
    this.pending.clear();
  }

  syncNow(): void {
    if (this.file !== undefined) fdatasyncSync(this.file);
  }

  /** Errors of the disk surface at the next write; here nothing can be done about them. */
  async sync(): Promise<void> {
    const file = this.file;
    if (file !== undefined) await new Promise<void>((resolve) => fdatasync(file, () => resolve()));
  }

  /** Nothing will be written any more: gives back the room that no record took. */
  seal(): void {
    if (this.file !== undefined) ftruncateSync(this.file, this.pending.end);
    this.close();
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
    this.pending = new PendingRecords(headerBytes);
    this.sizeBytes = 0;
  }

  remove(): void {
    this.close();
    rmSync(segmentPath(this.directory, this.index), { force: true });
  }

  private writeAt(bytes: Buffer, at: number): void {
    if (this.file === undefined) return;
    for (let done = 0; done < bytes.length;) done += writeSync(this.file, bytes, done, bytes.length - done, at + done);
  }
}

/** A new file is only safe once its directory is. */
export function syncDirectory(directory: string): void {
  const folder = openSync(directory, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
