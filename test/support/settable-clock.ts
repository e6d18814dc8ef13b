import { systemClock } from '#clock';
import type { Clock } from '#domain';

/** Creates a clock that changes only with `set`. Its sleeps take real time. */
export function settableClock(startMs: number): Clock & { set(nowMs: number): void } {
  let currentMs = startMs;
  return {
    nowMs: () => currentMs,
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
    set: (nowMs) => {
      currentMs = nowMs;
    },
  };
}
