import { describe, expect, it } from '@jest/globals';
import { EventIds } from './event-recorder.js';

const NOW = 1_790_000_000_000;

const isSorted = (ids: readonly string[]) => ids.every((id, index) => index === 0 || (ids[index - 1] ?? '') < id);

describe('EventIds', () => {
  it('makes ids of 26 characters that sort by arrival, also within a millisecond', () => {
    const ids = new EventIds();
    const made = [NOW, NOW, NOW + 1, NOW + 1, NOW + 36 ** 4].map((now) => ids.next(now));
    expect(isSorted(made)).toBe(true);
    expect(new Set(made.map(({ length }) => length))).toEqual(new Set([26]));
  });

  it('makes ids in order when the clock is set back', () => {
    const ids = new EventIds();
    expect(isSorted([ids.next(NOW), ids.next(NOW - 60_000), ids.next(NOW - 30_000), ids.next(NOW + 1)])).toBe(true);
  });

  it('makes ids that no other process makes at the same moment', () => {
    expect(new EventIds().next(NOW)).not.toBe(new EventIds().next(NOW));
  });
});
