import type { ErrorCode } from '#domain';

/** A job that a worker gives up, for the operator. */
export interface BuriedJob {
  readonly tube: string;
  /** As in `JobAddress`. */
  readonly server: string;
  /** The server's own number. */
  readonly jobId: string;
  /** The first 4,096 bytes of the body as received; it carries ids only. */
  readonly body: string;
  readonly code: ErrorCode;
  readonly reason: string;
}

/** Stores why jobs are buried. An abstract class, so that it is its own injection token; a plain object with `record` is one too. */
export abstract class BuriedJobRecorder {
  /** Stores the reason before the job is buried. When it throws, the job is not buried but retried. */
  abstract record(job: BuriedJob): Promise<void>;
}
