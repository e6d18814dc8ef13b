import { Readable } from 'node:stream';
import { setImmediate as otherWork } from 'node:timers/promises';
import { CsvError, parse } from 'csv-parse';
import { ServiceError, TransientError } from '#domain';
import { downloadExport, type ExportSource, sniff } from './export-download.js';
import { unavailable } from './unisender-failure.js';

/** A row of an export file: column values by column name. */
export type ExportRow = Readonly<Record<string, string>>;

const MAX_RECORD_CHARACTERS = 1_000_000;
const MAX_COLUMNS = 1_000;
/** Other work of the process waits for so much of a file. */
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

const unusable = (problem: string, cause?: Error): TransientError =>
  new TransientError(`Unisender ${problem}`, { code: 'unisender_export_unusable', ...(cause ? { cause } : {}) });

function toColumns(header: string[]): string[] {
  if (header.length > MAX_COLUMNS) throw unavailable(`sent an export with more than ${MAX_COLUMNS} columns`);
  const columns = header.map((name) => name.trim());
  if (columns.includes('email')) return columns;
  throw unusable('sent an export without the column "email"');
}

/** Small parts of a file, with other work of the process between them. */
async function* slice(file: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of file) {
    for (let from = 0; from < chunk.length; from += MAX_SLICE_BYTES) {
      yield chunk.subarray(from, from + MAX_SLICE_BYTES);
      await otherWork();
    }
  }
}

/** Parses the rows of a CSV file whose header has the column `email`. A row with fewer cells is the end of a file that was cut. */
async function* readRows(chunks: AsyncIterable<Buffer>): AsyncGenerator<ExportRow[]> {
  const { head, file } = await sniff(chunks, MAX_HEADER_BYTES, LINE_END);
  if (head.length === 0) throw unusable('sent an empty file as export');
  const parser = parse({
    bom: true,
    columns: toColumns,
    delimiter: delimiterOf(head),
    max_record_size: MAX_RECORD_CHARACTERS,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count_more: true,
    relax_quotes: true,
    skip_empty_lines: true,
  });
  const source = Readable.from(slice(file), { objectMode: false });
  source.once('error', (error) => parser.destroy(error));
  parser.once('close', () => source.destroy());
  let rows: ExportRow[] = [];
  for await (const row of source.pipe(parser) as AsyncIterable<ExportRow>) {
    rows.push(row);
    if (parser.readableLength > 0) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
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
    const cause = new Error(error instanceof Error ? error.name : 'unknown failure');
    if (error instanceof CsvError && error.code === 'CSV_RECORD_INCONSISTENT_COLUMNS')
      throw unusable('sent an export that ends early', cause);
    throw unavailable('did not send the whole export', cause);
  }
}
