import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { systemClock } from './system-clock.js';

const MUCH_LATER_MS = 1_000_000;

describe('systemClock.sleep', () => {
  it('resolves after the time, and does not listen to the signal afterwards', async () => {
    const { signal } = new AbortController();
    await systemClock.sleep(1, signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('rejects with the reason of the signal, during the sleep or before it', async () => {
    const stop = new AbortController();
    const reason = new Error('stopping');
    const sleeping = systemClock.sleep(MUCH_LATER_MS, stop.signal);
    stop.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    await expect(systemClock.sleep(MUCH_LATER_MS, stop.signal)).rejects.toBe(reason);
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });
});
