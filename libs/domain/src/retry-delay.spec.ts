import { describe, expect, it } from '@jest/globals';
import { parkDelayMs, unavailableDelayMs } from './retry-delay.js';

describe('parkDelayMs', () => {
  it('grows from one day to a week and stays there (R70)', () => {
    const days = [1, 2, 3, 4, 5, 100].map((attempts) => parkDelayMs(attempts) / (24 * 3_600_000));
    expect(days).toEqual([1, 2, 4, 7, 7, 7]);
  });
});

describe('unavailableDelayMs', () => {
  it('doubles the wait from 5 s up to a day', () => {
    expect([0, 5_000, 10_000, 3_600_000, 100 * 3_600_000].map(unavailableDelayMs)).toEqual([
      5_000,
      5_000,
      10_000,
      3_600_000,
      24 * 3_600_000,
    ]);
  });
});
