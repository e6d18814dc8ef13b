import { systemClock } from '#clock';
import type { Clock } from '#domain';

/** A clock that stands still until it is set; its sleeps are real. */
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
