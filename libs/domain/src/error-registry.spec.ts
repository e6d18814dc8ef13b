import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { type ErrorKind, errorCodes, errorRuleOf } from './error-registry.js';

const PAGE = new URL('../../../docs/ERRORS.md', import.meta.url);
const MAX_REMEDY_LENGTH = 78;
const kinds: readonly ErrorKind[] = ['invalid', 'blocked', 'transient', 'bug'];

const toRow = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

/** The table of one kind, as docs/ERRORS.md has it between its markers. */
function toTable(kind: ErrorKind): string {
  const codes = errorCodes.filter((code) => errorRuleOf(code).kind === kind);
  const rows = codes.map((code) => toRow([`\`${code}\``, String(errorRuleOf(code).httpStatus), errorRuleOf(code).remedy]));
  return ['| code | HTTP | what to do |', '| --- | --- | --- |', ...rows].join('\n');
}

async function readTable(kind: ErrorKind): Promise<string | undefined> {
  const page = await readFile(PAGE, 'utf8');
  return new RegExp(`<!-- ${kind}: begin -->\\n(.*?)\\n<!-- ${kind}: end -->`, 's').exec(page)?.[1];
}

describe('the error registry', () => {
  it.each(kinds)('gives docs/ERRORS.md its table of kind %s; copy the expected text after a change', async (kind) => {
    expect(await readTable(kind)).toBe(toTable(kind));
  });

  it.each(errorCodes)('gives %s a remedy in one short sentence', (code) => {
    const { remedy } = errorRuleOf(code);
    expect(remedy).toMatch(/^[A-Z][^|]*[.]$/);
    expect(remedy.length).toBeLessThanOrEqual(MAX_REMEDY_LENGTH);
  });

  it('lets a retry help only after a transient error', () => {
    for (const code of errorCodes) {
      const { kind, isRetryable, isDeferral } = errorRuleOf(code);
      expect([code, isRetryable]).toEqual([code, kind === 'transient']);
      expect(isDeferral && !isRetryable).toBe(false);
    }
  });

  it('gives callers 4xx, transient errors 503 and bugs 500', () => {
    const isRight = { invalid: isClientError, blocked: isClientError, transient: (s: number) => s === 503, bug: (s: number) => s === 500 };
    expect(errorCodes.filter((code) => !isRight[errorRuleOf(code).kind](errorRuleOf(code).httpStatus))).toEqual([]);
  });
});

const isClientError = (status: number) => status >= 400 && status <= 499;
