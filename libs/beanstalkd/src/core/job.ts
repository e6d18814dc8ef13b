import type { JobBody } from './body-store.js';
import type { Connection } from './connection.js';
import type { JournalSegment } from './journal.js';
import type { Tube } from './tube.js';

/** State of a job (protocol.txt, "Job Lifecycle"). `invalid`: not put yet, or deleted. */
export type JobState = 'invalid' | 'ready' | 'reserved' | 'buried' | 'delayed';

/** A job with a priority below this is urgent: `current-jobs-urgent` counts it while it is ready. */
export const urgentPriority = 1024;

/** What a client gives with `put`, besides the body. */
export interface JobParameters {
  /** 0 is the most urgent, 2^32 - 1 the least. */
  readonly priority: number;
  readonly delayMs: number;
  readonly ttrMs: number;
}

/**
 * One job. Invariant: `state` says in which one place the job is: its tube's ready, delayed or buried heap, the
 * reserved heap of its reserver, or no place (`invalid`).
 */
export class Job {
  priority: number;
  delayMs: number;
  ttrMs: number;
  state: JobState = 'invalid';
  /** The body with its closing CR LF, as it is received and sent. */
  body: JobBody = '';
  /** Time at which a delayed job becomes ready or a reserved job times out, ms since the epoch. */
  deadlineAtMs = 0;
  /** Order in which jobs were delayed, reserved or buried: several of them may share one millisecond. */
  placementOrder = 0;
  heapIndex = -1;
  /** The connection that has reserved this job; undefined in any other state. */
  reserver: Connection | undefined = undefined;
  /** Neighbours in the list of the journal segment. */
  previous: Job | undefined = undefined;
  next: Job | undefined = undefined;
  /** Journal segment with the record that holds the body; undefined without a journal. */
  segment: JournalSegment | undefined = undefined;
  reserves = 0;
  timeouts = 0;
  releases = 0;
  buries = 0;
  kicks = 0;

  /** `createdAtMs`: ms since the epoch. */
  constructor(
    readonly id: number,
    readonly tube: Tube,
    parameters: JobParameters,
    public createdAtMs: number,
  ) {
    this.priority = parameters.priority;
    this.delayMs = parameters.delayMs;
    this.ttrMs = parameters.ttrMs;
  }

  /** Size that the client gave: without the closing CR LF. */
  get bodyBytes(): number {
    return this.body.length - 2;
  }

  /** True when the priority is below 1024. */
  get isUrgent(): boolean {
    return this.priority < urgentPriority;
  }

  /** Copies a short body out of the longer text that it may be a part of, so that the longer text can be freed. For jobs that stay long. */
  detachBody(): void {
    if (typeof this.body === 'string') this.body = Buffer.from(this.body, 'latin1').toString('latin1');
  }
}

/** Order of the ready heap: lower priority value first, then lower id. */
export function isMoreUrgent(a: Job, b: Job): boolean {
  return a.priority === b.priority ? a.id < b.id : a.priority < b.priority;
}

/** Order of buried jobs: first in, first out. */
export function isPlacedEarlier(a: Job, b: Job): boolean {
  return a.placementOrder < b.placementOrder;
}

/** Order of delayed and of reserved jobs: earlier deadline first, then the order of placement. */
export function isDueEarlier(a: Job, b: Job): boolean {
  return a.deadlineAtMs === b.deadlineAtMs ? isPlacedEarlier(a, b) : a.deadlineAtMs < b.deadlineAtMs;
}
