import { readdirSync, readFileSync } from 'node:fs';
import { Job } from '../core/job.js';
import type { QueueState } from '../core/queue-state.js';
import { formatVersion, headerBytes, type LogRecord, readRecord } from './record.js';
import { Segment, segmentPath } from './segment.js';

export interface Replayed {
  readonly segments: readonly Segment[];
  readonly newestIndex: number;
}

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
 * Brings back the jobs of the log files in `directory`. A record that was torn by a crash ends its file silently: whoever
 * put that job was never answered. Throws when a file is of another format.
 */
export function replay(directory: string, state: QueueState): Replayed {
  const found = new Map<number, Found>();
  const segments = listIndices(directory).map((index) => new Segment(directory, index));
  for (const segment of segments) readSegment(directory, segment, found, state);
  for (const one of found.values()) restoreOne(state, one);
  return { segments, newestIndex: segments.at(-1)?.index ?? 0 };
}

function listIndices(directory: string): number[] {
  const names = readdirSync(directory).map((name) => /^binlog\.(\d+)$/.exec(name)?.[1]);
  return names.flatMap((digits) => (digits === undefined ? [] : [Number(digits)])).sort((a, b) => a - b);
}

function readSegment(directory: string, segment: Segment, found: Map<number, Found>, state: QueueState): void {
  const path = segmentPath(directory, segment.index);
  const content = readFileSync(path);
  if (content.length < headerBytes) return;
  const version = content.readInt32LE(0);
  if (version === 0) return;
  if (version !== formatVersion) throw new Error(`${path}: log format ${version} is not ${formatVersion}`);
  let at = headerBytes;
  for (let record = readRecord(content, at); record; record = readRecord(content, at)) {
    state.reserveIdsUpTo(record.id);
    apply(record, segment, found);
    at += record.bytes;
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
