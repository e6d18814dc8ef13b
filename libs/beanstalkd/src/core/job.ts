import type { Connection } from './connection.js';
import type { JournalSegment } from './journal.js';
import type { Tube } from './tube.js';

export type JobState = 'invalid' | 'ready' | 'reserved' | 'buried' | 'delayed';

/** Jobs more urgent than this are counted apart in the statistics. */
export const urgentPriority = 1024;

/** Text is Latin-1: one character, one byte. */
export type JobBody = Buffer | string;

export interface JobParameters {
  readonly priority: number;
  readonly delayMs: number;
  readonly ttrMs: number;
}

/**
 * One job. It stands in exactly one place, told by `state`: its tube's ready or delayed heap, its tube's buried list, its
 * reserver's heap of reserved jobs, or nowhere (`invalid`: not yet put, or deleted).
 */
export class Job {
  priority: number;
  delayMs: number;
  ttrMs: number;
  state: JobState = 'invalid';
  /** The body as it came and as it is sent: with its closing CR LF, never copied on the way. */
  body: JobBody = '';
  /** When a delayed job becomes ready or a reserved one times out, ms since the epoch. */
  deadlineAtMs = 0;
  /** Grows from one delayed or reserved job to the next: the clock is too coarse to tell which of two came first. */
  placementOrder = 0;
  heapIndex = -1;
  reserver: Connection | undefined = undefined;
  /** Neighbours in the buried list. */
  previous: Job | undefined = undefined;
  next: Job | undefined = undefined;
  /** Where the journal keeps the record that holds the body. */
  segment: JournalSegment | undefined = undefined;
  /** Bytes of journal that stand for this job and are not waste. */
  journalBytes = 0;
  reserves = 0;
  timeouts = 0;
  releases = 0;
  buries = 0;
  kicks = 0;

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

  /** Size the client gave: without the closing CR LF. */
  get bodyBytes(): number {
    return this.body.length - 2;
  }

  get isUrgent(): boolean {
    return this.priority < urgentPriority;
  }

  /** A job that will stay must not hold everything that came together with its body. */
  detachBody(): void {
    this.body = detached(this.body);
  }
}

function detached(body: JobBody): JobBody {
  if (typeof body === 'string') return Buffer.from(body, 'latin1').toString('latin1');
  if (body.buffer.byteLength <= 2 * body.length + 512) return body;
  const copy = Buffer.allocUnsafeSlow(body.length);
  body.copy(copy);
  return copy;
}

/** Order of the ready heap: priority, then age. */
export function isMoreUrgent(a: Job, b: Job): boolean {
  return a.priority === b.priority ? a.id < b.id : a.priority < b.priority;
}

/** Order of delayed jobs and of a connection's reserved jobs. */
export function isDueEarlier(a: Job, b: Job): boolean {
  return a.deadlineAtMs === b.deadlineAtMs ? a.placementOrder < b.placementOrder : a.deadlineAtMs < b.deadlineAtMs;
}
