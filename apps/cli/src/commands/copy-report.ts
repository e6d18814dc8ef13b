import type { CopiedTable } from '#database';
import type { Clock } from '#domain';
import { renderTable } from '../output/table.js';
import { type OutputStream, type Terminal, printLine } from '../output/terminal.js';

const PRINT_EVERY_MS = 2_000;

/** Makes a function that prints the progress of a copy on standard error, every two seconds at most. */
export function createCopyProgress({ errors }: Terminal, clock: Clock): (table: string, rows: number) => void {
  let printedAt = clock.nowMs();
  return (table, rows) => {
    if (clock.nowMs() - printedAt < PRINT_EVERY_MS) return;
    printedAt = clock.nowMs();
    printLine(errors, `${table}: ${rows} rows`);
  };
}

/** The tables of a copy that have rows, for people. */
export const describeCopy = (stream: OutputStream, tables: readonly CopiedTable[]): string[] =>
  renderTable(
    stream,
    ['table', 'rows', 'checksum'],
    tables.filter(({ rows }) => rows > 0).map(({ name, rows, checksum }) => [name, rows, checksum]),
  );
