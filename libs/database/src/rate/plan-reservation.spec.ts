import { describe, expect, it } from '@jest/globals';
import { planReservation } from './plan-reservation.js';

const strict = { intervalMs: 150, burst: 1 };
const bursty = { intervalMs: 50, burst: 20 };
const NOW = 1_000_000;

describe('planReservation', () => {
  it.each([
    ['an idle strict limit at once', strict, 0, NOW, NOW + 150],
    ['a busy strict limit at its next slot', strict, NOW + 70, NOW + 70, NOW + 220],
    ['an idle burst at once', bursty, 0, NOW, NOW + 50],
    ['a begun burst at once', bursty, NOW + 900, NOW, NOW + 950],
    ['a spent burst when one request has grown back', bursty, NOW + 1_000, NOW + 50, NOW + 1_050],
    ['a slot far ahead as if it were unused', strict, NOW + 3_600_000, NOW, NOW + 150],
  ])('takes %s', (_name, rule, nextAt, at, then) => {
    expect(planReservation([{ key: 'k', rule, nextAt }], NOW)).toEqual({ kind: 'reserve', at, nextAt: [then] });
  });

  it('takes both limits at the time of the later one', () => {
    const slots = [
      { key: 'wide', rule: strict, nextAt: NOW + 70 },
      { key: 'narrow', rule: strict, nextAt: NOW + 20 },
    ];
    expect(planReservation(slots, NOW)).toEqual({ kind: 'reserve', at: NOW + 70, nextAt: [NOW + 220, NOW + 220] });
  });

  it('reserves nothing while the narrow limit does not allow it', () => {
    const slots = [
      { key: 'wide', rule: { intervalMs: 20, burst: 1 }, nextAt: 0 },
      { key: 'narrow', rule: strict, nextAt: NOW + 120 },
    ];
    expect(planReservation(slots, NOW)).toEqual({ kind: 'wait', untilMs: NOW + 120 });
  });
});
