import type { Clock } from '#domain';

/** An operation did not end within its time limit. */
export class DeadlineError extends Error {
  readonly code = 'DEADLINE';

  constructor(limitMs: number) {
    super(`not finished after ${limitMs} ms`);
    this.name = 'DeadlineError';
  }
}

/** The reason that ends the timer. The default one is a DOMException, which records a stack for each call. */
const FINISHED = 'finished';

/**
 * Runs an operation with a time limit. The operation must stop when its signal is aborted.
 * Rejects with DeadlineError after `limitMs`, or with the reason of the `outer` signal when that one is aborted first.
 */
export async function withDeadline<T>(
  clock: Clock,
  limitMs: number,
  run: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  outer?.throwIfAborted();
  const stop = new AbortController();
  const finished = new AbortController();
  const onOuterAbort = () => stop.abort(outer?.reason);
  outer?.addEventListener('abort', onOuterAbort, { once: true });
  clock.sleep(limitMs, finished.signal).then(
    () => stop.abort(new DeadlineError(limitMs)),
    () => {},
  );
  try {
    return await run(stop.signal);
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    finished.abort(FINISHED);
    outer?.removeEventListener('abort', onOuterAbort);
  }
}
