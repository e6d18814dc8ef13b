import { closeSync, copyFileSync, openSync, readdirSync, readSync } from 'node:fs';
import { Job } from '../core/job.js';
import type { QueueState } from '../core/queue-state.js';
import { Tube } from '../core/tube.js';
import { LogWindow } from './log-window.js';
import { type LogRecord, RecordReader } from './record-reader.js';
import { Segment, segmentPath } from './segment.js';

/**
 * The jobs of the records read so far. They are the jobs of the later queue and not copies: a copy of every job would double the
 * memory of a start.
 */
class FoundJobs {
  readonly byId = new Map<number, Job>();
  private readonly tubes = new Map<string, Tube>();

  /** `state`: the queue that gets the jobs. */
  constructor(private readonly state: QueueState) {}

  /** The tube that the queue will have under this name. Without jobs, the queue does not get it. */
  ensureTube(name: string): Tube {
    const known = this.tubes.get(name);
    if (known) return known;
    const tube = this.state.tubes.find(name) ?? new Tube(name);
    this.tubes.set(name, tube);
    return tube;
  }

  /** Gives the job a body, in place of an earlier one. */
  setBody(job: Job, bytes: Buffer): void {
    this.state.bodies.release(job.body);
    job.body = this.state.bodies.copy(bytes, 0, bytes.length);
  }

  /** Removes a job and its body. */
  remove(job: Job): void {
    this.byId.delete(job.id);
    this.state.bodies.release(job.body);
  }
}

/**
 * Restores the jobs of the log files in `directory` into `state`. Returns the files, oldest first. A record that a crash tore
 * ends its file without a warning: its change was never acknowledged. A file that is damaged in the middle is read up to the
 * damage; the file is copied to `binlog.N.damaged` and `onWarning` gets one line. Throws when a file cannot be read or has
 * another version. The log files themselves stay unchanged.
 */
export function replay(directory: string, state: QueueState, onWarning: (message: string) => void): Segment[] {
  const found = new FoundJobs(state);
  const segments = listIndices(directory).map((index) => new Segment(directory, index));
  const window = new LogWindow();
  for (const segment of segments) {
    const path = segmentPath(directory, segment.index);
    const damagedAt = withFile(path, window, () => readSegment(new RecordReader(window), segment, found, state));
    if (damagedAt !== undefined) onWarning(copyDamaged(path, damagedAt));
  }
  state.adopt(found.byId);
  for (const job of found.byId.values()) state.restore(job, stateAfterRestart(job));
  return segments;
}

function listIndices(directory: string): number[] {
  const names = readdirSync(directory).map((name) => /^binlog\.(\d+)$/.exec(name)?.[1]);
  return names.flatMap((digits) => (digits === undefined ? [] : [Number(digits)])).sort((a, b) => a - b);
}

/** Returns the offset of the damage; undefined when there is none. */
function readSegment(reader: RecordReader, segment: Segment, found: FoundJobs, state: QueueState): number | undefined {
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

/** Runs `use` while the window reads the file. An error names the file. */
function withFile<T>(path: string, window: LogWindow, use: () => T): T {
  try {
    const file = openSync(path, 'r');
    try {
      window.open((target, offset, length) => readSync(file, target, offset, length, null));
      return use();
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Ignores a short record of a job whose body is in no file: the job is deleted. */
function applyRecord(record: LogRecord, segment: Segment, found: FoundJobs): void {
  const job = found.byId.get(record.id);
  if (record.state === 'invalid') {
    if (job) removeJob(job, found);
  } else if (job) {
    updateJob(job, record, segment, found);
  } else if (record.body !== undefined) {
    const added = new Job(record.id, found.ensureTube(record.tubeName), record, record.createdAtMs);
    found.byId.set(record.id, added);
    updateJob(added, record, segment, found);
  }
}

function removeJob(job: Job, found: FoundJobs): void {
  found.remove(job);
  if (job.segment instanceof Segment) job.segment.jobs.remove(job);
}

function updateJob(job: Job, record: LogRecord, segment: Segment, found: FoundJobs): void {
  job.priority = record.priority;
  job.delayMs = record.delayMs;
  job.ttrMs = record.ttrMs;
  job.deadlineAtMs = record.deadlineAtMs;
  job.state = record.state;
  job.reserves = record.reserves;
  job.timeouts = record.timeouts;
  job.releases = record.releases;
  job.buries = record.buries;
  job.kicks = record.kicks;
  if (!record.body) return;
  found.setBody(job, record.body);
  moveTo(segment, job);
}

/** The file with the newest copy of the body is needed. */
function moveTo(segment: Segment, job: Job): void {
  if (job.segment instanceof Segment) job.segment.jobs.remove(job);
  job.segment = segment;
  segment.jobs.append(job);
}

/** A job that was reserved is ready again. */
const stateAfterRestart = ({ state }: Job) => (state === 'delayed' || state === 'buried' ? state : 'ready');
