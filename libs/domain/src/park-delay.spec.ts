import { describe, expect, it } from '@jest/globals';
import { parkDelayMs } from './park-delay.js';

describe('parkDelayMs', () => {
  it('grows from one day to a week and stays there (R70)', () => {
    const days = [1, 2, 3, 4, 5, 100].map((attempts) => parkDelayMs(attempts) / (24 * 3_600_000));
    expect(days).toEqual([1, 2, 4, 7, 7, 7]);
  });
});
