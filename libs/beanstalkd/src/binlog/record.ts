import type { Job, JobState } from '../core/job.js';

/**
 * beanstalkd's log format, version 7, as its x86-64 build lays it out. A file is the version (int32) and then records:
 * int32 length of the tube's name, the name, 80 bytes of job, the body with its CR LF. A name length of 0 marks a short
 * record, without name and body, that only updates a job. All numbers are little-endian, all times nanoseconds.
 */
export const formatVersion = 7;
export const headerBytes = 4;
const jobBytes = 80;

export const shortRecordBytes = 4 + jobBytes;

export function fullRecordBytes(job: Job): number {
  return shortRecordBytes + job.tube.name.length + job.body.length;
}

/** Their index is their number on disk. */
const states: readonly JobState[] = ['invalid', 'ready', 'reserved', 'buried', 'delayed'];

const twoTo32 = 2 ** 32;

export function writeFullRecord(target: Buffer, at: number, job: Job): number {
  const nameBytes = job.tube.name.length;
  target.writeInt32LE(nameBytes, at);
  target.write(job.tube.name, at + 4, 'latin1');
  writeJob(target, at + 4 + nameBytes, job);
  job.body.copy(target, at + shortRecordBytes + nameBytes);
  return at + fullRecordBytes(job);
}

export function writeShortRecord(target: Buffer, at: number, job: Job): number {
  target.writeInt32LE(0, at);
  writeJob(target, at + 4, job);
  return at + shortRecordBytes;
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
  target.writeUInt8(states.indexOf(job.state), at + 76);
}

/** Splits the product so that no intermediate result leaves the range of exact integers; a BigInt would cost more than the record. */
function writeNanoseconds(target: Buffer, at: number, ms: number): void {
  const lowMs = ms % twoTo32;
  const highMs = (ms - lowMs) / twoTo32;
  const low = Math.floor(lowMs * 1e6);
  target.writeUInt32LE(low % twoTo32, at);
  target.writeUInt32LE(highMs * 1e6 + Math.floor(low / twoTo32), at + 4);
}

function readMs(source: Buffer, at: number): number {
  return Number(source.readBigInt64LE(at)) / 1e6;
}

export interface LogRecord {
  /** Empty in a short record. */
  readonly tubeName: string;
  readonly id: number;
  readonly priority: number;
  readonly delayMs: number;
  readonly ttrMs: number;
  readonly createdAtMs: number;
  readonly deadlineAtMs: number;
  readonly counts: Readonly<Pick<Job, 'reserves' | 'timeouts' | 'releases' | 'buries' | 'kicks'>>;
  readonly state: JobState;
  /** Undefined in a short record. */
  readonly body: Buffer | undefined;
  readonly bytes: number;
}

/** The record at `at`; undefined at the end of what was written: the end of the file, the zeros behind it or a torn record. */
export function readRecord(source: Buffer, at: number): LogRecord | undefined {
  if (at + shortRecordBytes > source.length) return undefined;
  const nameBytes = source.readInt32LE(at);
  const jobAt = at + 4 + nameBytes;
  if (nameBytes < 0 || nameBytes > 200 || jobAt + jobBytes > source.length) return undefined;
  const bodyBytes = nameBytes > 0 ? source.readInt32LE(jobAt + 32) : 0;
  const bodyAt = jobAt + jobBytes;
  const state = states[source.readUInt8(jobAt + 76)];
  const id = Number(source.readBigUInt64LE(jobAt));
  if (id === 0 || !state || bodyBytes < 0 || bodyAt + bodyBytes > source.length) return undefined;
  if (nameBytes > 0 && !endsWithLineEnd(source, bodyAt + bodyBytes)) return undefined;
  return {
    tubeName: source.toString('latin1', at + 4, jobAt),
    id,
    ...readJob(source, jobAt),
    state,
    body: nameBytes > 0 ? Buffer.from(source.subarray(bodyAt, bodyAt + bodyBytes)) : undefined,
    bytes: bodyAt + bodyBytes - at,
  };
}

/** The body's end reached the disk too: behind a record that was cut off by a loss of power there are zeros. */
function endsWithLineEnd(source: Buffer, end: number): boolean {
  return source[end - 2] === 0x0d && source[end - 1] === 0x0a;
}

function readJob(source: Buffer, at: number) {
  return {
    priority: source.readUInt32LE(at + 8),
    delayMs: readMs(source, at + 16),
    ttrMs: readMs(source, at + 24),
    createdAtMs: readMs(source, at + 40),
    deadlineAtMs: readMs(source, at + 48),
    counts: {
      reserves: source.readUInt32LE(at + 56),
      timeouts: source.readUInt32LE(at + 60),
      releases: source.readUInt32LE(at + 64),
      buries: source.readUInt32LE(at + 68),
      kicks: source.readUInt32LE(at + 72),
    },
  };
}
