import { setImmediate as otherWork } from 'node:timers/promises';
import { ServiceError, TransientError } from '#domain';
import { CsvReader } from './csv-reader.js';
import { downloadExport, type ExportSource, sniff } from './export-download.js';
import { unavailable } from './unisender-failure.js';

/** A row of an export file: column values by column name. */
export type ExportRow = Readonly<Record<string, string>>;

const MAX_COLUMNS = 1_000;
/** One cell more shows that there are too many columns. */
const LIMITS = { maxCells: MAX_COLUMNS + 1, maxRecordCharacters: 1_000_000 };
/** Other work of the process waits for so much of a file. It has at most 8,192 rows. */
const MAX_SLICE_BYTES = 16 * 1024;
const MAX_HEADER_BYTES = 64 * 1024;
const DELIMITERS = [';', ',', '\t'] as const;
const LINE_END = 0x0a;

/** Finds the delimiter in the header row; the reference does not name it (reference/unisender.md 5.8). */
function delimiterOf(head: Buffer): string {
  const [header = ''] = head.toString('utf8').split('\n', 1);
  const counts = DELIMITERS.map((delimiter) => header.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ';';
}

const unusable = (problem: string): TransientError => new TransientError(`Unisender ${problem}`, { code: 'unisender_export_unusable' });

function toColumns(header: readonly string[]): string[] {
  if (header.length > MAX_COLUMNS) throw unavailable(`sent an export with more than ${MAX_COLUMNS} columns`);
  const columns = header.map((name) => name.trim());
  if (columns.includes('email')) return columns;
  throw unusable('sent an export without the column "email"');
}

/** A record with fewer cells than the header is the end of a file that was cut. */
function toRow(cells: readonly string[], columns: readonly string[]): ExportRow {
  if (cells.length < columns.length) throw unusable('sent an export that ends early');
  const row: Record<string, string> = {};
  for (let index = 0; index < columns.length; index += 1) row[columns[index] ?? ''] = cells[index] ?? '';
  return row;
}

async function* readRecords(chunks: AsyncIterable<Buffer>): AsyncGenerator<string[][]> {
  const { head, file } = await sniff(chunks, MAX_HEADER_BYTES, LINE_END);
  if (head.length === 0) throw unusable('sent an empty file as export');
  const reader = new CsvReader(delimiterOf(head), LIMITS);
  for await (const chunk of file) {
    for (let from = 0; from < chunk.length; from += MAX_SLICE_BYTES) {
      yield reader.read(chunk.subarray(from, from + MAX_SLICE_BYTES));
      await otherWork();
    }
  }
  yield reader.end();
}

/** Reads the rows of a CSV file whose header has the column `email`, in batches. */
async function* readRows(chunks: AsyncIterable<Buffer>): AsyncGenerator<ExportRow[]> {
  let columns: string[] | undefined;
  for await (const records of readRecords(chunks)) {
    const header = columns ? undefined : records.shift();
    if (header) columns = toColumns(header);
    const names = columns;
    if (names && records.length > 0) yield records.map((cells) => toRow(cells, names));
  }
  if (!columns) throw unusable('sent an empty file as export');
}

/**
 * Streams the rows of an export file, in batches: CSV, gzipped or not, with column names from its header. The URL must be https on a
 * public host, or on the origin of the API. Throws TransientError `unisender_unavailable`, also in the middle of the file: when the
 * download ends early, is too large or takes too long; `unisender_export_unusable` when the file is no list of contacts or its last
 * row is cut.
 */
export async function* readExportFile(source: ExportSource, url: string): AsyncGenerator<readonly ExportRow[]> {
  try {
    yield* readRows(downloadExport(source, url));
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw unavailable('did not send the whole export', new Error(error instanceof Error ? error.name : 'unknown failure'));
  }
}
