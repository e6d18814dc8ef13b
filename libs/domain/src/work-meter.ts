/** One call to a vendor after its end. */
export interface VendorCall {
  readonly vendor: 'kommo' | 'unisender';
  /** Kommo's method and path without ids, or Unisender's method: a bounded number of values. */
  readonly method: string;
  /** The status of Kommo's response, `ok` for Unisender, or the code of an error. */
  readonly code: string;
  readonly durationMs: number;
}

/** One attempt at a job after its end. */
export interface JobAttempt {
  readonly tube: string;
  /** `blocked`: deleted, as its account is blocked. `deferred`: released without a failure. `released`: it failed and will be retried. */
  readonly outcome: 'done' | 'blocked' | 'deferred' | 'released' | 'buried';
  readonly durationMs: number;
}

/** Counts the work of this process. It never delays or fails the work. An abstract class, so that it is its own injection token. */
export abstract class WorkMeter {
  /** Counts a call. */
  abstract countCall(call: VendorCall): void;
  /** Counts an attempt. */
  abstract countJob(attempt: JobAttempt): void;
}

/** Counts nothing: for tests and tools. */
export const silentMeter = { countCall: () => {}, countJob: () => {} } satisfies WorkMeter;
