import type { Clock } from '#domain';

/** Sleeps with one timer. `node:timers/promises` would make an error with a stack for each sleep that is aborted. */
const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });

/** Reads the time of the machine and sleeps by its timers. */
export const systemClock: Clock = { nowMs: () => Date.now(), sleep };
