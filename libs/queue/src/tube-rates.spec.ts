import { describe, expect, it } from '@jest/globals';
import type { TubeStatistics } from './queue-views.js';
import { TubeRates } from './tube-rates.js';

const tube = (jobsPut: number, jobsDeleted: number, server = 'q:11300'): TubeStatistics => ({
  server,
  tube: 'contacts',
  ready: 0,
  reserved: 0,
  delayed: 0,
  buried: 0,
  waiting: 0,
  paused: false,
  pausedSecondsLeft: 0,
  jobsPut,
  jobsDeleted,
});

describe('TubeRates', () => {
  const look = (rates: TubeRates, statistics: TubeStatistics[], nowMs: number) =>
    rates.add(statistics, nowMs).map(({ putsPerSecond, deletesPerSecond }) => [putsPerSecond, deletesPerSecond]);

  it('has no rates before the second look', () => {
    expect(look(new TubeRates(), [tube(5, 5)], 1_000)).toEqual([[null, null]]);
  });

  it('divides the growth by the time between two looks, and repeats it for a look within a second', () => {
    const rates = new TubeRates();
    look(rates, [tube(0, 0)], 1_000);
    expect(look(rates, [tube(30, 15)], 3_000)).toEqual([[15, 7.5]]);
    expect(look(rates, [tube(90, 90)], 3_100)).toEqual([[15, 7.5]]);
    expect(look(rates, [tube(90, 90)], 4_000)).toEqual([[60, 75]]);
  });

  it('knows no rate of a server that has restarted or is new', () => {
    const rates = new TubeRates();
    look(rates, [tube(100, 100)], 1_000);
    expect(look(rates, [tube(1, 1), tube(7, 7, 'other:11300')], 2_000)).toEqual([
      [null, null],
      [null, null],
    ]);
  });
});
