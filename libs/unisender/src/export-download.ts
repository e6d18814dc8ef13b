import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { withDeadline } from '#clock';
import { type Clock, findUrl } from '#domain';
import type { HttpDownload } from '#http';
import { isPublicName } from './public-name.js';
import { unavailable } from './unisender-failure.js';

/** How to download a file, and from which hosts. */
export interface ExportSource {
  readonly open: (url: string) => Promise<HttpDownload>;
  readonly clock: Clock;
  /** Time limit between two chunks of a download. */
  readonly silenceLimitMs: number;
  /** Time limit of a whole download. */
  readonly totalLimitMs: number;
  /** Limit for the file, decompressed. */
  readonly maxBytes: number;
  readonly apiOrigin: string;
}

const MAX_URL_LENGTH = 4_096;
const MAX_REDIRECTS = 3;
const GZIP_MAGIC_LENGTH = 2;

const isGzip = (head: Buffer): boolean => head[0] === 0x1f && head[1] === 0x8b;

/** The URL comes from a response: it must lead to the API or to a public host, never into our own network. */
export function isAllowedUrl(url: string, apiOrigin: string): boolean {
  const parsed = url.length > MAX_URL_LENGTH ? undefined : findUrl(url);
  if (!parsed) return false;
  const { protocol, origin, hostname, username, password } = parsed;
  const isAllowedHost = origin === apiOrigin || (protocol === 'https:' && isPublicName(hostname));
  return isAllowedHost && username === '' && password === '';
}

async function openFile({ open, apiOrigin }: ExportSource, url: string): Promise<HttpDownload> {
  let target = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    if (!isAllowedUrl(target, apiOrigin)) throw unavailable('sent a URL of the export that is not allowed');
    const download = await open(target);
    const { status, location, body } = download;
    if (status === 200) return download;
    body.destroy();
    const next = location === undefined || status < 300 || status > 399 ? undefined : findUrl(location, target);
    if (!next) throw unavailable(`responded to the download with status ${status}`);
    target = next.href;
  }
  throw unavailable('redirected the download too often');
}

async function* withTimeLimits(body: Readable, { clock, silenceLimitMs, totalLimitMs }: ExportSource): AsyncGenerator<Buffer> {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const endMs = clock.nowMs() + totalLimitMs;
  const next = () => {
    const leftMs = endMs - clock.nowMs();
    if (leftMs <= 0) throw unavailable('did not send the whole export in time');
    return withDeadline(clock, Math.min(silenceLimitMs, leftMs), (signal) => {
      signal.addEventListener('abort', () => body.destroy(new Error('took too long')), { once: true });
      return chunks.next();
    });
  };
  try {
    for (let chunk = await next(); !chunk.done; chunk = await next()) yield chunk.value;
  } finally {
    body.destroy();
  }
}

async function* withSizeLimit(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw unavailable(`sent an export of more than ${maxBytes} bytes`);
    yield chunk;
  }
}

interface SniffedFile {
  readonly head: Buffer;
  /** The whole file, its head included. */
  readonly file: AsyncIterable<Buffer>;
}

async function* rejoin(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield head;
    for (let chunk = await rest.next(); !chunk.done; chunk = await rest.next()) yield chunk.value;
  } finally {
    await rest.return?.();
  }
}

/** Reads until there are `minBytes`, or a chunk with `lastByte`. The caller must read or end the file. */
export async function sniff(chunks: AsyncIterable<Buffer>, minBytes: number, lastByte?: number): Promise<SniffedFile> {
  const rest = chunks[Symbol.asyncIterator]();
  const read: Buffer[] = [];
  for (let bytes = 0; bytes < minBytes;) {
    const chunk = await rest.next();
    if (chunk.done) break;
    read.push(chunk.value);
    bytes += chunk.value.length;
    if (lastByte !== undefined && chunk.value.includes(lastByte)) break;
  }
  const head = Buffer.concat(read);
  return { head, file: rejoin(head, rest) };
}

/** Fails when the compressed data ends early, or when its checksum or length is wrong. */
function gunzip(packed: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const source = Readable.from(packed, { objectMode: false });
  const unzip = createGunzip();
  source.once('error', (error) => unzip.destroy(error));
  unzip.once('close', () => source.destroy());
  return source.pipe(unzip) as AsyncIterable<Buffer>;
}

/** A server may compress the transfer although `identity` was asked for. */
const GZIP_ENCODINGS: ReadonlySet<string> = new Set(['gzip', 'x-gzip']);

async function* decode(chunks: AsyncIterable<Buffer>, encoding: string, hasKnownEnd: boolean): AsyncGenerator<Buffer> {
  const isPackedTransfer = GZIP_ENCODINGS.has(encoding);
  if (!isPackedTransfer && encoding !== 'identity') throw unavailable('sent the export in an unknown encoding');
  const { head, file } = await sniff(isPackedTransfer ? gunzip(chunks) : chunks, GZIP_MAGIC_LENGTH);
  // Only compressed data shows that it is whole.
  if (!hasKnownEnd && !isPackedTransfer && !isGzip(head)) throw unavailable('did not announce the length of the export');
  yield* isGzip(head) ? gunzip(file) : file;
}

/**
 * Downloads a file, gzipped or not, and gives it decompressed. Fails when the download ends early. The URL must be https on a public
 * host, or on the origin of the API.
 */
export async function* downloadExport(source: ExportSource, url: string): AsyncGenerator<Buffer> {
  const { body, encoding, hasKnownEnd } = await openFile(source, url);
  try {
    const file = decode(withTimeLimits(body, source), encoding.trim().toLowerCase(), hasKnownEnd);
    yield* withSizeLimit(file, source.maxBytes);
  } finally {
    body.destroy();
  }
}
