import { isIP } from 'node:net';
import { createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { withDeadline } from '#clock';
import { type Clock, ServiceError } from '#domain';
import type { HttpDownload } from '#http';
import { unavailable } from './unisender-failure.js';

/** A row of an export file: column values by column name. */
export type ExportRow = Readonly<Record<string, string>>;

/** How to download a file, and from which hosts. */
export interface ExportSource {
  readonly open: (url: string) => Promise<HttpDownload>;
  readonly clock: Clock;
  /** Time limit between two chunks of a download. */
  readonly silenceLimitMs: number;
  readonly apiOrigin: string;
}

const MAX_REDIRECTS = 3;
const MAX_RECORD_CHARACTERS = 1_000_000;
const MAX_HEADER_BYTES = 64 * 1024;
const DELIMITERS = [';', ',', '\t'] as const;
const LINE_END = 0x0a;

const isPublicName = (hostname: string): boolean => hostname.includes('.') && !hostname.startsWith('[') && isIP(hostname) === 0;

/** The URL comes from a response: it must lead to the API or to a public host, never into our own network. */
function assertAllowedUrl(url: string, apiOrigin: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isAllowed = parsed?.origin === apiOrigin || (parsed?.protocol === 'https:' && isPublicName(parsed.hostname));
  if (!parsed || !isAllowed || parsed.username !== '') throw unavailable('sent a URL of the export that is not allowed');
}

async function openFile({ open, apiOrigin }: ExportSource, url: string): Promise<Readable> {
  let target = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    assertAllowedUrl(target, apiOrigin);
    const { status, location, body } = await open(target);
    if (status === 200) return body;
    body.destroy();
    if (location === undefined || status < 300 || status > 399 || !URL.canParse(location, target)) {
      throw unavailable(`responded to the download with status ${status}`);
    }
    target = new URL(location, target).href;
  }
  throw unavailable('redirected the download too often');
}

async function* withSilenceLimit(body: Readable, { clock, silenceLimitMs }: ExportSource): AsyncGenerator<Buffer> {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const next = () =>
    withDeadline(clock, silenceLimitMs, (signal) => {
      signal.addEventListener('abort', () => body.destroy(new Error('silent for too long')), { once: true });
      return chunks.next();
    });
  try {
    for (let chunk = await next(); !chunk.done; chunk = await next()) yield chunk.value;
  } finally {
    body.destroy();
  }
}

interface SniffedFile {
  readonly head: Buffer;
  readonly rest: AsyncIterator<Buffer>;
}

/** Reads chunks until the head is long enough. Returns the head and the rest. */
async function sniff(rest: AsyncIterator<Buffer>, isEnough: (head: Buffer) => boolean): Promise<SniffedFile> {
  let head = Buffer.alloc(0);
  while (!isEnough(head)) {
    const chunk = await rest.next();
    if (chunk.done) break;
    head = Buffer.concat([head, chunk.value]);
  }
  return { head, rest };
}

async function* rejoin({ head, rest }: SniffedFile): AsyncGenerator<Buffer> {
  try {
    yield head;
    for (let chunk = await rest.next(); !chunk.done; chunk = await rest.next()) yield chunk.value;
  } finally {
    await rest.return?.();
  }
}

const isGzip = (head: Buffer): boolean => head[0] === 0x1f && head[1] === 0x8b;

/** Finds the delimiter in the header row; the reference does not name it (reference/unisender.md 5.8). */
function delimiterOf(head: Buffer): string {
  const [header = ''] = head.toString('utf8').split('\n', 1);
  const counts = DELIMITERS.map((delimiter) => header.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ';';
}

function parseRows(file: SniffedFile): AsyncIterable<ExportRow> {
  const parser = parse({
    bom: true,
    columns: (header: string[]) => header.map((name) => name.trim()),
    delimiter: delimiterOf(file.head),
    max_record_size: MAX_RECORD_CHARACTERS,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
  });
  const source = Readable.from(rejoin(file), { objectMode: false });
  source.once('error', (error) => parser.destroy(error));
  parser.once('close', () => source.destroy());
  return source.pipe(parser) as AsyncIterable<ExportRow>;
}

async function unpack(chunks: AsyncIterator<Buffer>): Promise<AsyncIterator<Buffer>> {
  const packed = await sniff(chunks, (head) => head.length >= 2);
  if (!isGzip(packed.head)) return rejoin(packed);
  const source = Readable.from(rejoin(packed), { objectMode: false });
  const gunzip = createGunzip();
  source.once('error', (error) => gunzip.destroy(error));
  gunzip.once('close', () => source.destroy());
  return source.pipe(gunzip)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
}

/**
 * Streams the rows of an export file: CSV, gzipped or not, with column names from its header. The URL must be https on a public
 * host, or on the origin of the API. Throws TransientError `unisender_unavailable`, also in the middle of the file.
 */
export async function* readExportFile(source: ExportSource, url: string): AsyncGenerator<ExportRow> {
  try {
    const chunks = await unpack(withSilenceLimit(await openFile(source, url), source));
    const file = await sniff(chunks, (head) => head.includes(LINE_END) || head.length >= MAX_HEADER_BYTES);
    yield* parseRows(file);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw unavailable('did not send the whole export', new Error(error instanceof Error ? error.name : 'unknown failure'));
  }
}
