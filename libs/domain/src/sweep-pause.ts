/** The longest pause between two jobs of one account. */
const LONGEST_PAUSE_MS = 300_000;

/** The last job that the sweep enqueued for an account. */
export interface SweptJob {
  /** Epoch milliseconds. */
  readonly enqueuedAt: number;
  /** The account gets no other job from the sweep for this long. */
  readonly pauseMs: number;
}

/**
 * Decides whether the sweep enqueues a job for an account that is still due. Returns `last` itself during its pause, else the job to
 * enqueue now. Each pause is twice as long as the one before, up to five minutes: while a vendor is down, jobs wait in the queue and
 * must not pile up.
 */
export function nextSweptJob(
  last: SweptJob | undefined,
  { nowMs, firstPauseMs }: { readonly nowMs: number; readonly firstPauseMs: number },
): SweptJob {
  if (!last) return { enqueuedAt: nowMs, pauseMs: firstPauseMs };
  if (nowMs - last.enqueuedAt < last.pauseMs) return last;
  return { enqueuedAt: nowMs, pauseMs: Math.min(last.pauseMs * 2, LONGEST_PAUSE_MS) };
}
