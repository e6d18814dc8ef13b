import Table from 'cli-table3';
import stringWidth from 'string-width';
import { type OutputStream, type Tone, paint, toPrintable } from './terminal.js';

/** A cell: a value, or a value that means something. */
export type Cell = string | number | null | { readonly text: string | number; readonly tone: Tone };

const GAP = 2;
const MIN_WIDTH = 6;
const NONE = '–';

const toText = (cell: Cell): string => {
  if (cell === null || cell === '') return NONE;
  return toPrintable(String(typeof cell === 'object' ? cell.text : cell));
};

const isNumber = (cell: Cell): boolean => typeof (cell !== null && typeof cell === 'object' ? cell.text : cell) === 'number';

/** Narrows the widest columns until the table fits. Columns keep at least six characters. */
function fit(widths: readonly number[], available: number): number[] {
  const fitted = [...widths];
  while (fitted.reduce((sum, width) => sum + width, 0) > available) {
    const widest = fitted.indexOf(Math.max(...fitted));
    const width = fitted[widest] ?? 0;
    if (width <= MIN_WIDTH) break;
    fitted[widest] = width - 1;
  }
  return fitted;
}

const noLines = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'].map((name) => [name, '']),
); // prettier-ignore

/** Renders a table that fits the terminal: longer cells end with `…`. Without a terminal no cell is cut. */
export function renderTable(stream: OutputStream, head: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const texts = rows.map((row) => row.map(toText));
  const natural = head.map((name, column) =>
    Math.max(...[name, ...texts.map((row) => row[column] ?? '')].map((text) => stringWidth(text))),
  );
  const available = stream.isTTY && stream.columns ? stream.columns - GAP * head.length : Number.POSITIVE_INFINITY;
  const widths = fit(natural, available);
  const table = new Table({
    chars: noLines,
    style: { 'padding-left': 0, 'padding-right': GAP, head: [], border: [] },
    colWidths: widths.map((width) => width + GAP),
    colAligns: head.map((_, column) => (rows.some((row) => isNumber(row[column] ?? null)) ? 'right' : 'left')),
  });
  table.push(head.map((name) => paint(stream, 'strong', name)));
  for (const [index, row] of rows.entries()) {
    table.push(row.map((cell, column) => colour(stream, cell, texts[index]?.[column] ?? '')));
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}

const colour = (stream: OutputStream, cell: Cell, text: string): string =>
  cell !== null && typeof cell === 'object' ? paint(stream, cell.tone, text) : text;
