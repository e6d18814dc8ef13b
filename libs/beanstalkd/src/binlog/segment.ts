import { closeSync, fdatasyncSync, fdatasync, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Job } from '../core/job.js';
import type { JournalSegment } from '../core/journal.js';
import { formatVersion, headerBytes } from './record.js';

export function segmentPath(directory: string, index: number): string {
  return join(directory, `binlog.${index}`);
}

/** One log file. Only the newest is written; an old one is kept while jobs have their body in it or in an older one. */
export class Segment implements JournalSegment {
  readonly jobs = new Set<Job>();
  private file: number | undefined;
  private writtenBytes = headerBytes;

  constructor(
    private readonly directory: string,
    readonly index: number,
  ) {}

  /** Makes the file with its full size, so that it looks as beanstalkd leaves it: zeros behind the last record. */
  create(sizeBytes: number): void {
    this.file = openSync(segmentPath(this.directory, this.index), 'wx', 0o600);
    const header = Buffer.alloc(headerBytes);
    header.writeInt32LE(formatVersion);
    ftruncateSync(this.file, sizeBytes);
    writeSync(this.file, header, 0, headerBytes, 0);
  }

  write(bytes: Buffer): void {
    if (this.file === undefined) return;
    for (let done = 0; done < bytes.length;) done += writeSync(this.file, bytes, done, bytes.length - done, this.writtenBytes + done);
    this.writtenBytes += bytes.length;
  }

  syncNow(): void {
    if (this.file !== undefined) fdatasyncSync(this.file);
  }

  /** Errors of the disk surface at the next write; here nothing can be done about them. */
  async sync(): Promise<void> {
    const file = this.file;
    if (file !== undefined) await new Promise<void>((resolve) => fdatasync(file, () => resolve()));
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }

  remove(): void {
    this.close();
    unlinkSync(segmentPath(this.directory, this.index));
  }
}
