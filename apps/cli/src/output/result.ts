import { type OutputStream, printLine } from './terminal.js';

/** What a command found or did. */
export interface CommandResult {
  /** Printed with `--json`. */
  readonly document: unknown;
  /** Printed without `--json`; `stream` gives the width of the terminal and whether it has colours. */
  readonly toLines: (stream: OutputStream) => readonly string[];
  /** 0 unless given. */
  readonly exitCode?: number;
}

/** Prints the result: one JSON document, or lines for people. */
export function printResult({ document, toLines }: CommandResult, output: OutputStream, json: boolean): void {
  const lines = json ? [JSON.stringify(document, undefined, output.isTTY ? 2 : undefined)] : toLines(output);
  for (const line of lines) printLine(output, line);
}

/** Makes a result of one line. */
export const toResult = (document: unknown, ...lines: readonly string[]): CommandResult => ({ document, toLines: () => lines });

/** A number with its noun: `1 job`, `2 jobs`. */
export const count = (number: number, noun: string, plural = `${noun}s`): string => `${number} ${number === 1 ? noun : plural}`;
