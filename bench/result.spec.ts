import { describe, expect, it } from '@jest/globals';
import type { Figure, Line } from './bench.js';
import { joinResults, mergeRuns, type Result } from './result.js';

const figure = (bench: string, value: number): Figure => ({ bench, name: 'ratio', value, unit: '×', goal: { atLeast: 1 } });
const line = (plot: Line['plot'], ...ys: number[]): Line => ({
  plot,
  panel: 'SQLite',
  name: 'service',
  points: ys.map((y, index) => ({ x: 4 ** index, y })),
});
const runs = (...values: number[]) =>
  values.map((value) => ({ figures: [figure('hooks', value)], lines: [line('hooks', value, 10 * value)] }));

describe('mergeRuns', () => {
  it('keeps the median of each figure with the lowest and the highest value', () => {
    expect(mergeRuns(runs(3, 1, 7)).figures).toEqual([{ ...figure('hooks', 3), lowest: 1, highest: 7 }]);
  });

  it('does the same for each point of a line', () => {
    expect(mergeRuns(runs(3, 1, 7)).lines).toEqual([
      {
        ...line('hooks'),
        points: [
          { x: 1, y: 3, lowest: 1, highest: 7 },
          { x: 4, y: 30, lowest: 10, highest: 70 },
        ],
      },
    ]);
  });

  it('keeps apart what has another bench, plot, panel or name', () => {
    const [one, other] = [line('hooks', 1), { ...line('hooks', 2), panel: 'MariaDB' }];
    const merged = mergeRuns([{ figures: [figure('hooks', 1), figure('queue', 2)], lines: [one, other] }]);
    expect(merged.figures.map(({ bench, value }) => [bench, value])).toEqual([
      ['hooks', 1],
      ['queue', 2],
    ]);
    expect(merged.lines.map(({ panel }) => panel)).toEqual(['SQLite', 'MariaDB']);
  });
});

describe('joinResults', () => {
  const result = (machine: string, bench: string, value: number, plot: Line['plot']): Result => ({
    machine,
    date: '2026-11-27',
    isQuick: false,
    runs: 1,
    ...mergeRuns([{ figures: [figure(bench, value)], lines: [line(plot, value)] }]),
  });

  it('takes a bench and a plot that are in several files from the last one', () => {
    const joined = joinResults([result('a', 'hooks', 1, 'hooks'), result('b', 'queue', 2, 'queue'), result('c', 'hooks', 3, 'hooks')]);
    expect(joined?.machine).toBe('c');
    expect(joined?.figures.map(({ bench, value }) => [bench, value])).toEqual([
      ['hooks', 3],
      ['queue', 2],
    ]);
    expect(joined?.lines.map(({ plot, points }) => [plot, points[0]?.y])).toEqual([
      ['hooks', 3],
      ['queue', 2],
    ]);
  });

  it('returns nothing without files', () => {
    expect(joinResults([])).toBeUndefined();
  });
});
