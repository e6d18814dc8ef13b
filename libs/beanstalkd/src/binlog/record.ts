import { copyBody } from '../core/body-store.js';
import type { Job, JobState } from '../core/job.js';

/**
 * Version of the log format: the one of beanstalkd 1.12 on x86-64. A file is the version (int32), then records. A full record is:
 * the length of the tube name (int32), the name, 80 bytes of job fields, the body with its CR LF. A short record updates a job:
 * name length 0, 80 bytes of job fields. All numbers are little-endian; all times are nanoseconds.
 */
export const formatVersion = 7;
/** Size of the version at the start of a file. */
export const headerBytes = 4;
const jobBytes = 80;

/** Size of a short record. */
export const shortRecordBytes = 4 + jobBytes;

/** Size of the full record of a job. */
export function fullRecordBytes(job: Job): number {
  return shortRecordBytes + job.tube.name.length + job.body.length;
}

/** Job states; the index of a state is its number on disk. */
export const statesOnDisk: readonly JobState[] = ['invalid', 'ready', 'reserved', 'buried', 'delayed'];

const twoTo32 = 2 ** 32;

/** Writes one record about `job` into `target` at the offset `at`. */
export type WriteRecord = (target: Buffer, at: number, job: Job) => void;

/** Writes a full record, `fullRecordBytes(job)` bytes. */
export function writeFullRecord(target: Buffer, at: number, job: Job): void {
  const nameBytes = job.tube.name.length;
  target.writeInt32LE(nameBytes, at);
  target.write(job.tube.name, at + 4, 'latin1');
  writeJob(target, at + 4 + nameBytes, job);
  const bodyAt = at + shortRecordBytes + nameBytes;
  copyBody(job.body, target, bodyAt);
}

/** Writes a short record, `shortRecordBytes` bytes. */
export function writeShortRecord(target: Buffer, at: number, job: Job): void {
  target.writeInt32LE(0, at);
  writeJob(target, at + 4, job);
}

function writeJob(target: Buffer, at: number, job: Job): void {
  target.fill(0, at, at + jobBytes);
  target.writeUInt32LE(job.id % twoTo32, at);
  target.writeUInt32LE(Math.floor(job.id / twoTo32), at + 4);
  target.writeUInt32LE(job.priority, at + 8);
  writeNanoseconds(target, at + 16, job.delayMs);
  writeNanoseconds(target, at + 24, job.ttrMs);
  target.writeInt32LE(job.body.length, at + 32);
  writeNanoseconds(target, at + 40, job.createdAtMs);
  writeNanoseconds(target, at + 48, job.deadlineAtMs);
  target.writeUInt32LE(job.reserves, at + 56);
  target.writeUInt32LE(job.timeouts, at + 60);
  target.writeUInt32LE(job.releases, at + 64);
  target.writeUInt32LE(job.buries, at + 68);
  target.writeUInt32LE(job.kicks, at + 72);
  target.writeUInt8(statesOnDisk.indexOf(job.state), at + 76);
}

/** Splits the product, so that no intermediate result exceeds the exact integers. A BigInt would cost more than the whole record. */
function writeNanoseconds(target: Buffer, at: number, ms: number): void {
  const lowMs = ms % twoTo32;
  const highMs = (ms - lowMs) / twoTo32;
  const low = Math.floor(lowMs * 1e6);
  target.writeUInt32LE(low % twoTo32, at);
  target.writeUInt32LE(highMs * 1e6 + Math.floor(low / twoTo32), at + 4);
}
