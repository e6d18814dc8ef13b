import type { Job } from './job.js';

/** A part of the journal that is removed as a whole. */
export interface JournalSegment {
  /** Number of the segment, from 1; `stats-job` reports it as `file`. */
  readonly index: number;
}

/** The `binlog-…` fields of `stats`. */
export interface JournalStatistics {
  /** Index of the oldest segment that is still needed; 0 without a journal. */
  readonly oldestIndex: number;
  /** Index of the segment that is written; 0 without a journal. */
  readonly currentIndex: number;
  /** Records written again by compaction since the start. */
  readonly recordsMigrated: number;
  /** Records written since the start, compaction included. */
  readonly recordsWritten: number;
  /** Size of one segment. */
  readonly maxSegmentBytes: number;
}

/** Records the changes that must survive the process; `Binlog` implements it. A change is on disk only after the owner has flushed it. */
export interface Journal {
  /** The `binlog-…` fields of `stats`. */
  readonly statistics: JournalStatistics;
  /** Reserves disk space for `added(job)` and for the later deletion of the job. False when the disk is full: the job must be refused. */
  ensureRoomFor(job: Job): boolean;
  /** Reserves disk space for one `changed`. False when the disk is full. Not needed for a deletion: its space is reserved with the job. */
  ensureRoomForChange(): boolean;
  /** Records a new job with its body. Call `ensureRoomFor` first. */
  added(job: Job): void;
  /** Records the state, priority and counts of a job; state `invalid` records its deletion. Call `ensureRoomForChange` first. */
  changed(job: Job): void;
}

/** Records nothing, for a queue that keeps its jobs in memory only. Always has room. */
export const noJournal: Journal = {
  statistics: { oldestIndex: 0, currentIndex: 0, recordsMigrated: 0, recordsWritten: 0, maxSegmentBytes: 10_485_760 },
  ensureRoomFor: () => true,
  ensureRoomForChange: () => true,
  added: () => {},
  changed: () => {},
};
