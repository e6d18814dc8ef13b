import { describe, expect, it } from '@jest/globals';
import { type SweptJob, nextSweptJob } from './sweep-pause.js';

const firstPauseMs = 30_000;
const last: SweptJob = { enqueuedAt: 1_000_000, pauseMs: 60_000 };

describe('the next job of the sweep for an account', () => {
  it.each<[string, SweptJob | undefined, number, SweptJob]>([
    ['is enqueued when there was none', undefined, 1_000_000, { enqueuedAt: 1_000_000, pauseMs: 30_000 }],
    ['is not enqueued during the pause', last, 1_059_999, last],
    ['is enqueued after the pause, with a pause twice as long', last, 1_060_000, { enqueuedAt: 1_060_000, pauseMs: 120_000 }],
    [
      'has a pause of five minutes at most',
      { enqueuedAt: 1_000_000, pauseMs: 240_000 },
      1_240_000,
      { enqueuedAt: 1_240_000, pauseMs: 300_000 },
    ],
  ])('%s', (_, previous, nowMs, expected) => {
    expect(nextSweptJob(previous, { nowMs, firstPauseMs })).toEqual(expected);
  });

  it('is the same object during the pause', () => {
    expect(nextSweptJob(last, { nowMs: 1_000_001, firstPauseMs })).toBe(last);
  });
});
