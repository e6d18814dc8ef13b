import { describe, expect, it } from '@jest/globals';
import type { Clock } from '#domain';
import { DeadlineError, withDeadline } from './deadline.js';

/** A clock whose sleeps end when the test calls `wake`. */
function manualClock() {
  let wake = () => {};
  const clock: Clock = {
    nowMs: () => 0,
    sleep: (_ms, signal) =>
      new Promise((resolve, reject) => {
        wake = resolve;
        signal?.addEventListener('abort', () => reject(new Error('stopped')));
      }),
  };
  return { clock, wake: () => wake() };
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('foreign abort error'))));

describe('withDeadline', () => {
  it('returns the result of an operation that ends in time', async () => {
    await expect(withDeadline(manualClock().clock, 10, async () => 'done')).resolves.toBe('done');
  });

  it('rejects with DeadlineError after the time limit', async () => {
    const { clock, wake } = manualClock();
    const result = withDeadline(clock, 10, untilAborted);
    wake();
    await expect(result).rejects.toThrow(DeadlineError);
  });

  it('rejects with the reason of the outer signal', async () => {
    const outer = new AbortController();
    const result = withDeadline(manualClock().clock, 10, untilAborted, outer.signal);
    const reason = new Error('shutting down');
    outer.abort(reason);
    await expect(result).rejects.toBe(reason);
    await expect(withDeadline(manualClock().clock, 10, untilAborted, outer.signal)).rejects.toBe(reason);
  });

  it('rejects with any other error of the operation unchanged', async () => {
    const failure = new Error('x');
    await expect(withDeadline(manualClock().clock, 10, () => Promise.reject(failure))).rejects.toBe(failure);
  });
});
