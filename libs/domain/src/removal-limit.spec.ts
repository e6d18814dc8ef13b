import { describe, expect, it } from '@jest/globals';
import { isUncountedCause, needsConfirmation } from './removal-limit.js';

describe('removals', () => {
  it.each([
    [0, 0, 20, false],
    [0, 5, 20, false],
    [1, 1, 20, true],
    [1, 2, 20, false],
    [10, 11, 20, false],
    [10, 10, 20, true],
    [11, 54, 20, true],
    [11, 55, 20, false],
    [200, 1_000, 20, false],
    [201, 1_000, 20, true],
    [11, 1_000, 0, true],
    [999, 1_000, 100, false],
    [1_000, 1_000, 100, true],
  ])('R62: %d of %d at %d %% wait for a confirmation: %s', (removals, present, limitPercent, needed) => {
    expect(needsConfirmation({ removals, present, limitPercent })).toBe(needed);
  });

  it('are not counted when a webhook or the operator asked for them', () => {
    const causes = ['event', 'operator', 'reread', 'run', 'settings', null] as const;
    expect(causes.filter(isUncountedCause)).toEqual(['event', 'operator']);
  });
});
