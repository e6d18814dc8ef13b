import { styleText } from 'node:util';

/** A stream that a command prints to. */
export interface OutputStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  /** Width of the terminal in characters. */
  readonly columns?: number | undefined;
  /** Whether the terminal shows colours; knows NO_COLOR and FORCE_COLOR. */
  hasColors?(): boolean;
}

/** Where a command prints. */
export interface Terminal {
  /** For results. */
  readonly output: OutputStream;
  /** For progress, hints and errors. */
  readonly errors: OutputStream;
  /** Whether a human can answer questions. */
  readonly isInteractive: boolean;
}

/** What a text means; a terminal shows it as a colour. */
export type Tone = 'good' | 'bad' | 'attention' | 'quiet' | 'strong';

const formats = { good: 'green', bad: 'red', attention: 'yellow', quiet: 'gray', strong: 'bold' } as const;

const hasColours = (stream: OutputStream): boolean => stream.isTTY === true && (stream.hasColors?.() ?? false);

/** Colours a text when the stream is a terminal with colours. */
export const paint = (stream: OutputStream, tone: Tone, text: string): string =>
  hasColours(stream) ? styleText(formats[tone], text, { validateStream: false }) : text;

/** Prints one line. */
export const printLine = (stream: OutputStream, line: string): void => void stream.write(`${line}\n`);

const MAX_LINE = 2_000;

/** Replaces control characters: a name from a vendor must not move the cursor or change colours. */
export const toPrintable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, ' ').slice(0, MAX_LINE);
