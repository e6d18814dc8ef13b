import { describe, expect, it } from '@jest/globals';
import { DatabaseTime } from './database-time.js';

/** The database's clock minus the elapsed time of this process. */
const OFFSET = 1_790_000_000_000;

/** Reads a clock with an offset at `readAtMs`; the response takes `tookMs`. */
const reading = (readAtMs: number, tookMs: number, offset = OFFSET) => ({
  databaseMs: readAtMs + offset,
  requestedAtMs: readAtMs - tookMs / 2,
  receivedAtMs: readAtMs + tookMs / 2,
});

describe('DatabaseTime', () => {
  it('knows the time as well as its best reading', () => {
    const time = new DatabaseTime();
    time.observe(reading(1_000, 80));
    expect(time.uncertaintyMs).toBe(81);
    time.observe(reading(1_100, 2));
    time.observe(reading(1_200, 400));
    expect(time.uncertaintyMs).toBeLessThan(5);
    expect(time.toElapsedMs(OFFSET + 5_000)).toBeGreaterThanOrEqual(5_000);
    expect(time.toElapsedMs(OFFSET + 5_000)).toBeLessThan(5_005);
    expect(time.jumpedAtMs).toBeUndefined();
  });

  it('follows a clock that is corrected slowly', () => {
    const time = new DatabaseTime();
    for (let second = 0; second < 600; second += 1) time.observe(reading(second * 1_000, 2, OFFSET + second * 0.5));
    expect(time.jumpedAtMs).toBeUndefined();
    expect(time.toElapsedMs(OFFSET + 300 + 600_000)).toBeCloseTo(600_000, -1);
  });

  it.each([3_600_000, -3_600_000, 40, -40])('S04: notices a clock that jumps by %d ms', (jumpMs) => {
    const time = new DatabaseTime();
    time.observe(reading(1_000, 2));
    time.observe(reading(2_000, 2, OFFSET + jumpMs));
    expect(time.jumpedAtMs).toBe(2_000 + OFFSET + jumpMs);
    expect(time.toElapsedMs(3_000 + OFFSET + jumpMs)).toBeCloseTo(3_000, -1);
  });
});
