import { describe, expect, it } from '@jest/globals';
import { isFlushDue } from './flush-policy.js';

describe('isFlushDue', () => {
  it.each([
    ['nothing waits', { dirtyRows: 0, oldestDirtyAgeMs: 9_999, quietMs: 9_999 }, false],
    ['a full call waits', { dirtyRows: 500, oldestDirtyAgeMs: 0, quietMs: 0 }, true],
    ['a burst goes on', { dirtyRows: 499, oldestDirtyAgeMs: 500, quietMs: 10 }, false],
    ['it fell quiet', { dirtyRows: 1, oldestDirtyAgeMs: 400, quietMs: 400 }, true],
    ['the first has waited long enough', { dirtyRows: 1, oldestDirtyAgeMs: 2_000, quietMs: 10 }, true],
  ])('%s', (_name, backlog, due) => {
    expect(isFlushDue(backlog)).toBe(due);
  });
});
