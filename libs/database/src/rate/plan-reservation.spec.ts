import { describe, expect, it } from '@jest/globals';
import { planReservation } from './plan-reservation.js';

const strict = { intervalMs: 150, burst: 1 };
const bursty = { intervalMs: 50, burst: 20 };
const NOW = 1_000_000;

const EARLIER = NOW - 60_000;

describe('planReservation', () => {
  it.each([
    ['an idle strict limit at once', strict, 0, NOW, NOW + 150],
    ['a busy strict limit at its next slot', strict, NOW + 70, NOW + 70, NOW + 220],
    ['an idle burst at once', bursty, 0, NOW, NOW + 50],
    ['a begun burst at once', bursty, NOW + 900, NOW, NOW + 950],
    ['a spent burst when one request has grown back', bursty, NOW + 1_000, NOW + 50, NOW + 1_050],
  ])('takes %s', (_name, rule, nextAt, at, then) => {
    expect(planReservation([{ key: 'k', rule, nextAt }], { nowMs: NOW })).toEqual({ kind: 'reserve', at, nextAt: [then] });
  });

  it('takes both limits at the time of the later one', () => {
    const slots = [
      { key: 'wide', rule: strict, nextAt: NOW + 70 },
      { key: 'narrow', rule: strict, nextAt: NOW + 20 },
    ];
    expect(planReservation(slots, { nowMs: NOW })).toEqual({ kind: 'reserve', at: NOW + 70, nextAt: [NOW + 220, NOW + 220] });
  });

  it('reserves nothing while the narrow limit does not allow it', () => {
    const slots = [
      { key: 'wide', rule: { intervalMs: 20, burst: 1 }, nextAt: 0 },
      { key: 'narrow', rule: strict, nextAt: NOW + 120 },
    ];
    expect(planReservation(slots, { nowMs: NOW })).toEqual({ kind: 'wait', untilMs: NOW + 120, limitedBy: 'narrower' });
  });

  it('S04: reserves a slot only shortly before it is free', () => {
    const slot = { key: 'k', rule: strict, nextAt: NOW + 151 };
    expect(planReservation([slot], { nowMs: NOW })).toEqual({ kind: 'wait', untilMs: NOW + 101, limitedBy: 'widest' });
    expect(planReservation([slot], { nowMs: NOW + 101 })).toEqual({ kind: 'reserve', at: NOW + 151, nextAt: [NOW + 301] });
  });

  it('S04: reserves a later slot when the write is slow, and a longer one for a request that may be late', () => {
    const slot = { key: 'k', rule: strict, nextAt: NOW };
    expect(planReservation([slot], { nowMs: NOW, soonestMs: NOW + 40, extraMs: 300 })).toEqual({
      kind: 'reserve',
      at: NOW + 40,
      nextAt: [NOW + 490],
    });
  });

  it.each([
    ['a slot that is free', 0],
    ['a slot far ahead, from before the clock was set back', NOW + 3_600_000],
  ])('S04: treats %s after a jump of the clock as if its burst was just used', (_name, nextAt) => {
    const slot = { key: 'k', rule: bursty, nextAt };
    const free = NOW + 100 + 2_000 + 50;
    expect(planReservation([slot], { nowMs: NOW, jumpedAtMs: NOW })).toEqual({ kind: 'wait', untilMs: free - 50, limitedBy: 'widest' });
    expect(planReservation([slot], { nowMs: free, jumpedAtMs: NOW })).toMatchObject({ kind: 'reserve', at: free });
  });

  it('S04: ignores a slot far ahead when the jump of the clock was not seen', () => {
    const slot = { key: 'k', rule: strict, nextAt: NOW + 3_600_000 };
    expect(planReservation([slot], { nowMs: NOW })).toEqual({ kind: 'reserve', at: NOW, nextAt: [NOW + 150] });
    expect(planReservation([slot], { nowMs: NOW, jumpedAtMs: EARLIER })).toMatchObject({ kind: 'reserve', at: NOW });
  });
});
