import type { Figure } from './bench.js';
import type { RepeatedFigure } from './result.js';
import { Table } from './table.js';

const verdicts = new Map([
  [true, 'yes'],
  [false, 'no'],
  [undefined, ''],
]);

/** Whether a figure reaches its goal; undefined without a goal. */
function isReached({ value, goal }: Figure): boolean | undefined {
  if (!goal) return undefined;
  return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost;
}

const toText = (value: number, unit: Figure['unit']) => value.toFixed(unit === '×' ? 2 : 1);

function toGoal({ goal, unit }: Figure): string {
  if (!goal) return '';
  return 'atLeast' in goal ? `≥ ${goal.atLeast} ${unit}` : `≤ ${goal.atMost} ${unit}`;
}

/** The figures as a Markdown table with their goals; after several runs, each with its lowest and its highest value. */
export function toReport(figures: readonly RepeatedFigure[], runs: number): string {
  const rows = figures.map((figure) => {
    const { bench, name, value, unit, lowest, highest } = figure;
    const range = runs > 1 ? [`${toText(lowest, unit)}–${toText(highest, unit)}`] : [];
    return [bench, name, `${toText(value, unit)} ${unit}`, ...range, toGoal(figure), verdicts.get(isReached(figure)) ?? ''];
  });
  const heads = ['bench', 'figure', runs > 1 ? `median of ${runs}` : 'result', ...(runs > 1 ? ['range'] : []), 'goal', 'reached'];
  const widest = heads.map((_, index) => 'x'.repeat(Math.max(...rows.map((row) => row[index]?.length ?? 0))));
  const table = new Table(heads, widest);
  return [table.head(), ...rows.map((row) => table.row(row))].join('\n');
}
