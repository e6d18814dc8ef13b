import type { Job } from './job.js';

/** A stretch of the journal that can be thrown away as a whole. */
export interface JournalSegment {
  readonly index: number;
}

export interface JournalStatistics {
  readonly oldestIndex: number;
  readonly currentIndex: number;
  readonly recordsMigrated: number;
  readonly recordsWritten: number;
  readonly maxSegmentBytes: number;
}

/** Where the queue writes what must outlive the process. Nothing is promised to be written before the next `flush` of its owner. */
export interface Journal {
  readonly statistics: JournalStatistics;
  /** Takes what room `added` needs for this job, and its deletion later. False: there is none, the job must not be taken. */
  ensureRoomFor(job: Job): boolean;
  /** The same for one `changed`. A deletion always has its room. */
  ensureRoomForChange(): boolean;
  /** A new job, body and all. */
  added(job: Job): void;
  /** Any later change of its state, priority or counters; `invalid` means it was deleted. */
  changed(job: Job): void;
}

/** For a queue that lives in memory only. */
export const noJournal: Journal = {
  statistics: { oldestIndex: 0, currentIndex: 0, recordsMigrated: 0, recordsWritten: 0, maxSegmentBytes: 10_485_760 },
  ensureRoomFor: () => true,
  ensureRoomForChange: () => true,
  added: () => {},
  changed: () => {},
};
