import { describe, expect, it } from '@jest/globals';
import { isGapRunDue } from './gap.js';

const MINUTE = 60_000;
const NOW = 1_790_000_000_000;

describe('isGapRunDue', () => {
  it.each([
    ['the first gap', 0, true],
    ['a gap 9 minutes after the last reconciliation', NOW - 9 * MINUTE, false],
    ['a gap 10 minutes after the last reconciliation', NOW - 10 * MINUTE, true],
  ])('%s: %s', (_name, gapRunAt, isDue) => {
    expect(isGapRunDue({ gapRunAt }, NOW)).toBe(isDue);
  });
});
