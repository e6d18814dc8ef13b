import { describe, expect, it } from '@jest/globals';
import { isFlushDue } from './flush-policy.js';

describe('isFlushDue', () => {
  it.each([
    ['is false when nothing waits', { dirtyRows: 0, oldestDirtyAgeMs: 9_999, quietMs: 9_999 }, false],
    ['is true when a full call waits', { dirtyRows: 500, oldestDirtyAgeMs: 0, quietMs: 0 }, true],
    ['is false while a burst goes on', { dirtyRows: 499, oldestDirtyAgeMs: 500, quietMs: 10 }, false],
    ['is true when no new change arrives', { dirtyRows: 1, oldestDirtyAgeMs: 400, quietMs: 400 }, true],
    ['is true when the first change has waited long enough', { dirtyRows: 1, oldestDirtyAgeMs: 2_000, quietMs: 10 }, true],
  ])('%s', (_name, backlog, due) => {
    expect(isFlushDue(backlog)).toBe(due);
  });
});
