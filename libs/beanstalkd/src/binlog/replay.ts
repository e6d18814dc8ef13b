import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { Job } from '../core/job.js';
import type { QueueState } from '../core/queue-state.js';
import { type LogRecord, RecordReader } from './record-reader.js';
import { Segment, segmentPath } from './segment.js';

/** What the records read so far say about one job. */
interface Found {
  readonly tubeName: string;
  readonly createdAtMs: number;
  body: Buffer;
  /** Where the body stands. */
  segment: Segment;
  latest: LogRecord;
}

/**
 * Brings back the jobs of the log files in `directory` and returns the files, oldest first. A record that was torn by a
 * crash ends its file silently: whoever put that job was never answered. A file that is damaged in the middle is read up to
 * there, a copy of it is kept, and `onWarning` is told. Throws when a file cannot be read or is of another format.
 */
export function replay(directory: string, state: QueueState, onWarning: (message: string) => void): Segment[] {
  const found = new Map<number, Found>();
  const segments = listIndices(directory).map((index) => new Segment(directory, index));
  for (const segment of segments) {
    const path = segmentPath(directory, segment.index);
    const damagedAt = readSegment(path, segment, found, state);
    if (damagedAt !== undefined) onWarning(keepDamaged(path, damagedAt));
  }
  for (const one of found.values()) restoreOne(state, one);
  return segments;
}

function listIndices(directory: string): number[] {
  const names = readdirSync(directory).map((name) => /^binlog\.(\d+)$/.exec(name)?.[1]);
  return names.flatMap((digits) => (digits === undefined ? [] : [Number(digits)])).sort((a, b) => a - b);
}

/** Returns the byte where it is damaged. */
function readSegment(path: string, segment: Segment, found: Map<number, Found>, state: QueueState): number | undefined {
  const reader = openReader(path);
  for (let record = reader.next(); record; record = reader.next()) {
    state.reserveIdsUpTo(record.id);
    apply(record, segment, found);
  }
  return reader.isDamaged() ? reader.position : undefined;
}

function keepDamaged(path: string, position: number): string {
  copyFileSync(path, `${path}.damaged`);
  return `${path} is damaged at byte ${position}: what stands behind is not read, ${path}.damaged keeps it`;
}

function openReader(path: string): RecordReader {
  try {
    return new RecordReader(readFileSync(path));
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** A short record of a job whose body is not there any more is about a deleted job. */
function apply(record: LogRecord, segment: Segment, found: Map<number, Found>): void {
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

function restoreOne(state: QueueState, { tubeName, createdAtMs, body, segment, latest }: Found): void {
  const job = new Job(latest.id, state.tubes.ensure(tubeName), latest, createdAtMs);
  Object.assign(job, latest.counts);
  job.body = body;
  job.deadlineAtMs = latest.deadlineAtMs;
  job.segment = segment;
  segment.jobs.add(job);
  state.restore(job, latest.state === 'delayed' || latest.state === 'buried' ? latest.state : 'ready');
}
