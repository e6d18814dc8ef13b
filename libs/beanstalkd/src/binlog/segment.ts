import { closeSync, fdatasyncSync, fdatasync, fsyncSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Job } from '../core/job.js';
import type { JournalSegment } from '../core/journal.js';
import { formatVersion, headerBytes, type WriteRecord } from './record.js';

export function segmentPath(directory: string, index: number): string {
  return join(directory, `binlog.${index}`);
}

const firstPendingBytes = 64 * 1024;
const zeros = Buffer.alloc(256 * 1024);

/**
 * One log file. Records are gathered until `flush`, so that a batch of commands costs one write. A file is kept while jobs
 * have their body in it or in an older one.
 */
export class Segment implements JournalSegment {
  readonly jobs = new Set<Job>();
  private file: number | undefined;
  private pending = Buffer.alloc(0);
  private pendingBytes = 0;
  private writtenBytes = headerBytes;
  private sizeBytes = 0;

  constructor(
    private readonly directory: string,
    readonly index: number,
  ) {}

  /** Room for records that was not taken yet; none in a file that is only read. */
  get freeBytes(): number {
    return this.sizeBytes - this.writtenBytes - this.pendingBytes;
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
    if (this.pendingBytes + bytes > this.pending.length) this.growPending(bytes);
    write(this.pending, this.pendingBytes, job);
    this.pendingBytes += bytes;
  }

  /** Hands all records to the operating system. Throws when the disk refuses; the records are kept for the next try. */
  flush(): void {
    if (this.file === undefined) return;
    const { pending, pendingBytes, writtenBytes } = this;
    for (let done = 0; done < pendingBytes;) done += writeSync(this.file, pending, done, pendingBytes - done, writtenBytes + done);
    this.writtenBytes += pendingBytes;
    this.pendingBytes = 0;
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
    if (this.file !== undefined) ftruncateSync(this.file, this.writtenBytes);
    this.close();
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
    this.pending = Buffer.alloc(0);
    this.sizeBytes = 0;
  }

  remove(): void {
    this.close();
    rmSync(segmentPath(this.directory, this.index), { force: true });
  }

  private growPending(bytes: number): void {
    const larger = Buffer.allocUnsafe(Math.max(firstPendingBytes, 2 * (this.pendingBytes + bytes)));
    this.pending.copy(larger, 0, 0, this.pendingBytes);
    this.pending = larger;
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
