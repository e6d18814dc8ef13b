import { type Figure, isReached } from './bench.js';
import { Table } from './table.js';

const verdicts = new Map([
  [true, 'yes'],
  [false, 'no'],
]);

const toText = (value: number, unit: Figure['unit']) => `${value.toFixed(unit === '×' ? 2 : 1)} ${unit}`;

function toGoal({ goal, unit }: Figure): string {
  if (!goal) return '';
  return 'atLeast' in goal ? `≥ ${goal.atLeast} ${unit}` : `≤ ${goal.atMost} ${unit}`;
}

/** The figures as a Markdown table with their goals. */
export function toReport(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const isOk = isReached(figure);
    return [
      figure.bench,
      figure.name,
      toText(figure.value, figure.unit),
      toGoal(figure),
      isOk === undefined ? '' : (verdicts.get(isOk) ?? ''),
    ];
  });
  const heads = ['bench', 'figure', 'result', 'goal', 'reached'];
  const widest = heads.map((_, index) => 'x'.repeat(Math.max(...rows.map((row) => row[index]?.length ?? 0))));
  const table = new Table(heads, widest);
  return [table.head(), ...rows.map((row) => table.row(row))].join('\n');
}
