import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { Job } from '../core/job.js';
import type { QueueState } from '../core/queue-state.js';
import { type LogRecord, RecordReader } from './record-reader.js';
import { Segment, segmentPath } from './segment.js';

/** State of one job according to the records read so far. */
interface FoundJob {
  readonly tubeName: string;
  readonly createdAtMs: number;
  body: Buffer;
  /** The file that has the body. */
  segment: Segment;
  latest: LogRecord;
}

/**
 * Restores the jobs of the log files in `directory` into `state`. Returns the files, oldest first. A record that a crash tore
 * ends its file without a warning: its change was never acknowledged. A file that is damaged in the middle is read up to the
 * damage; the file is copied to `binlog.N.damaged` and `onWarning` gets one line. Throws when a file cannot be read or has
 * another version. The log files themselves stay unchanged.
 */
export function replay(directory: string, state: QueueState, onWarning: (message: string) => void): Segment[] {
  const found = new Map<number, FoundJob>();
  const segments = listIndices(directory).map((index) => new Segment(directory, index));
  for (const segment of segments) {
    const path = segmentPath(directory, segment.index);
    const damagedAt = readSegment(path, segment, found, state);
    if (damagedAt !== undefined) onWarning(copyDamaged(path, damagedAt));
  }
  for (const job of found.values()) restoreJob(state, job);
  return segments;
}

function listIndices(directory: string): number[] {
  const names = readdirSync(directory).map((name) => /^binlog\.(\d+)$/.exec(name)?.[1]);
  return names.flatMap((digits) => (digits === undefined ? [] : [Number(digits)])).sort((a, b) => a - b);
}

/** Returns the offset of the damage; undefined when there is none. */
function readSegment(path: string, segment: Segment, found: Map<number, FoundJob>, state: QueueState): number | undefined {
  const reader = openReader(path);
  for (let record = reader.next(); record; record = reader.next()) {
    state.reserveIdsUpTo(record.id);
    applyRecord(record, segment, found);
  }
  return reader.isDamaged() ? reader.position : undefined;
}

/** Returns the warning. */
function copyDamaged(path: string, position: number): string {
  copyFileSync(path, `${path}.damaged`);
  return `${path} is damaged at byte ${position}: the rest is not read, ${path}.damaged keeps it`;
}

function openReader(path: string): RecordReader {
  try {
    return new RecordReader(readFileSync(path));
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Ignores a short record of a job whose body is in no file: the job is deleted. */
function applyRecord(record: LogRecord, segment: Segment, found: Map<number, FoundJob>): void {
  const known = found.get(record.id);
  if (record.state === 'invalid') {
    found.delete(record.id);
  } else if (known) {
    known.latest = record;
    if (record.body) Object.assign(known, { body: record.body, segment });
  } else if (record.body) {
    const { tubeName, createdAtMs, body } = record;
    found.set(record.id, { tubeName, createdAtMs, body, segment, latest: record });
  }
}

function restoreJob(state: QueueState, { tubeName, createdAtMs, body, segment, latest }: FoundJob): void {
  const job = new Job(latest.id, state.tubes.ensure(tubeName), latest, createdAtMs);
  Object.assign(job, latest.counts);
  job.body = body;
  job.deadlineAtMs = latest.deadlineAtMs;
  job.segment = segment;
  segment.jobs.add(job);
  state.restore(job, latest.state === 'delayed' || latest.state === 'buried' ? latest.state : 'ready');
}
