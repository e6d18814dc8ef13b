import { type ErrorCode, ServiceError, errorRuleOf } from '#domain';
import { exitCodeOf, exitCodes } from './exit-code.js';
import { type Terminal, paint, printLine, toPrintable } from './terminal.js';

interface Report {
  readonly code: string;
  readonly message: string;
  /** What a human does; empty when the message says it. */
  readonly remedy: string;
  readonly exitCode: number;
}

/** Errors of the file system that a human can repair. */
const fileErrors: Readonly<Record<string, string>> = {
  EACCES: 'Let this user read and write it, or run the command as the user of the service.',
  EPERM: 'Run the command as the user of the service.',
  EROFS: 'The file system is read-only: mount it writable, or set DATA_DIR to another folder.',
  ENOSPC: 'Free disk space.',
  EDQUOT: 'Free disk space.',
  ENOTDIR: 'A part of this path is a file: correct the path.',
  ENOENT: 'Correct the path.',
};

const NEEDS_NO_REMEDY: readonly ErrorCode[] = [
  'bad_configuration',
  'invalid_input',
  'wrong_encryption_key',
  'account_unknown',
  'not_found',
];

const describe = ({ message, fields }: ServiceError): string => {
  const missing = fields.filter(({ field, problem }) => !message.includes(`${field} ${problem}`));
  return missing.length === 0 ? message : `${message} (${missing.map(({ field, problem }) => `${field} ${problem}`).join('; ')})`;
};

function findFileError(error: unknown): Report | undefined {
  const { code, path } = error as { code?: unknown; path?: unknown };
  const remedy = typeof code === 'string' ? fileErrors[code] : undefined;
  if (!(error instanceof Error) || remedy === undefined || typeof path !== 'string') return undefined;
  return { code: 'file_error', message: `${path} cannot be used (${String(code)})`, remedy, exitCode: exitCodes.configuration };
}

function toReport(error: unknown): Report | undefined {
  if (!(error instanceof ServiceError)) return findFileError(error);
  const remedy = NEEDS_NO_REMEDY.includes(error.code) ? '' : errorRuleOf(error.code).remedy;
  return { code: error.code, message: describe(error), remedy, exitCode: exitCodeOf(error) };
}

/**
 * Prints what is wrong and what to do, on standard error; with `json` also as the document. Returns the exit code. Throws an error that
 * is no ordinary mistake: its stack trace belongs into a report.
 */
export function reportError(error: unknown, { errors, output }: Terminal, json: boolean): number {
  const report = toReport(error);
  if (!report) throw error;
  const { code, message, remedy, exitCode } = report;
  for (const line of message.split('\n')) printLine(errors, `${paint(errors, 'bad', 'Error:')} ${toPrintable(line)}`);
  if (remedy !== '') printLine(errors, `What to do: ${remedy}`);
  if (json) printLine(output, JSON.stringify({ error: code, message, remedy: remedy === '' ? null : remedy }));
  return exitCode;
}
