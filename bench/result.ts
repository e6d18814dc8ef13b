import { groupBy } from '#domain';
import type { Figure, Line, Measured } from './bench.js';
import { median } from './numbers.js';

/** The lowest and the highest value of several runs. */
export interface Range {
  readonly lowest: number;
  readonly highest: number;
}

/** A figure of several runs: `value` is the median. */
export type RepeatedFigure = Figure & Range;

/** A line of several runs: each `y` is a median. */
export interface RepeatedLine extends Omit<Line, 'points'> {
  readonly points: readonly (Line['points'][number] & Range)[];
}

/** The content of a file of `--json`. */
export interface Result {
  readonly machine: string;
  /** The day of the run, as `2026-11-27`. */
  readonly date: string;
  readonly isQuick: boolean;
  /** How often each bench was run. */
  readonly runs: number;
  readonly figures: readonly RepeatedFigure[];
  readonly lines: readonly RepeatedLine[];
}

const rangeOf = (values: readonly number[]): Range => ({ lowest: Math.min(...values), highest: Math.max(...values) });

const keyOfFigure = ({ bench, name }: Figure) => `${bench}: ${name}`;
const keyOfLine = ({ plot, panel, name }: Omit<Line, 'points'>) => `${plot}: ${panel}: ${name}`;

function mergeFigures(same: readonly Figure[]): RepeatedFigure[] {
  const values = same.map(({ value }) => value);
  return same.slice(0, 1).map((figure) => ({ ...figure, value: median(values), ...rangeOf(values) }));
}

function mergeLines(same: readonly Line[]): RepeatedLine[] {
  const points = [
    ...groupBy(
      same.flatMap((line) => line.points),
      ({ x }) => `${x}`,
    ).values(),
  ].flatMap((at) => {
    const values = at.map(({ y }) => y);
    return at.slice(0, 1).map(({ x }) => ({ x, y: median(values), ...rangeOf(values) }));
  });
  return same.slice(0, 1).map((line) => ({ ...line, points }));
}

/** Returns the median of each figure and point over all runs, with the lowest and the highest value. */
export function mergeRuns(runs: readonly Measured[]): Pick<Result, 'figures' | 'lines'> {
  const figures = runs.flatMap((run) => run.figures);
  const lines = runs.flatMap((run) => run.lines);
  return {
    figures: [...groupBy(figures, keyOfFigure).values()].flatMap(mergeFigures),
    lines: [...groupBy(lines, keyOfLine).values()].flatMap(mergeLines),
  };
}

/** For each key, the values of the last list that has it. */
function lastOfEach<T>(lists: readonly (readonly T[])[], keyOf: (value: T) => string): T[] {
  return [...new Map(lists.flatMap((list) => [...groupBy(list, keyOf)])).values()].flat();
}

/** Joins files. A bench or plot that is in several of them comes from the last one. Undefined without files. */
export function joinResults(results: readonly Result[]): Result | undefined {
  const last = results.at(-1);
  if (!last) return undefined;
  const figures = results.map((result) => result.figures);
  const lines = results.map((result) => result.lines);
  return { ...last, figures: lastOfEach(figures, ({ bench }) => bench), lines: lastOfEach(lines, ({ plot }) => plot) };
}
