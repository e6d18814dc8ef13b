import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '#domain';

/** Reads the time of the machine and sleeps by its timers. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      throw signal?.reason ?? error;
    }
  },
};
