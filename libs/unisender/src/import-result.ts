import { isRecord, toItems, toText, valueAt } from '#domain';
import { unavailable } from './unisender-failure.js';

/** A row that was not imported. */
export interface RejectedRow {
  /** Position of the row in the call, from 0. */
  readonly index: number;
  readonly code: string;
  readonly message: string;
}

/** Counts of rows (reference/unisender.md 4.4). A repeated or rejected row is in none of inserted, updated and deleted. */
export interface ImportResult {
  readonly total: number;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  readonly invalid: number;
  readonly rejected: readonly RejectedRow[];
  /** Unisender's time of the response, epoch milliseconds of a whole second; undefined when it names none. */
  readonly respondedAtMs?: number | undefined;
}

/** The result of importing no rows. */
export const EMPTY_IMPORT: ImportResult = { total: 0, inserted: 0, updated: 0, deleted: 0, invalid: 0, rejected: [] };

/** A longer code would not fit into its database column. */
const MAX_CODE_LENGTH = 64;

function readCount(result: unknown, name: string): number {
  const count = Number(toText(valueAt(result, name)) ?? 0);
  if (!Number.isSafeInteger(count) || count < 0) throw unavailable(`sent no valid count "${name}"`);
  return count;
}

/** An index is a number or a string (reference/unisender.md 4.4). */
function readRejected(log: unknown, rowCount: number): RejectedRow[] {
  return toItems(log).flatMap((item) => {
    const index = Number(toText(valueAt(item, 'index')) || Number.NaN);
    const isRow = Number.isInteger(index) && index >= 0 && index < rowCount;
    const [code, message] = [
      (toText(valueAt(item, 'code')) ?? 'unknown').slice(0, MAX_CODE_LENGTH),
      toText(valueAt(item, 'message')) ?? '',
    ];
    return isRow ? [{ index, code, message }] : [];
  });
}

/**
 * Reads the result of importContacts. Its log holds errors and warnings alike. With `invalid` 0 all entries are warnings, and no
 * row is rejected; old accounts have no `invalid` (reference/unisender.md 4.4).
 */
export function readImportResult(result: unknown, rowCount: number): ImportResult {
  if (!isRecord(result) || !Object.hasOwn(result, 'total')) throw unavailable('sent no counts of the import');
  const hasInvalid = Object.hasOwn(result, 'invalid');
  const hasOnlyWarnings = hasInvalid && readCount(result, 'invalid') === 0;
  const rejected = hasOnlyWarnings ? [] : readRejected(valueAt(result, 'log'), rowCount);
  return {
    total: readCount(result, 'total'),
    inserted: readCount(result, 'inserted'),
    updated: readCount(result, 'updated'),
    deleted: readCount(result, 'deleted'),
    invalid: hasInvalid ? readCount(result, 'invalid') : new Set(rejected.map(({ index }) => index)).size,
    rejected,
  };
}
