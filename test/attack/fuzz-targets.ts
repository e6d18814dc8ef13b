import { deepStrictEqual, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { isIP } from 'node:net';
import { gzipSync } from 'node:zlib';
import { parse as parseCsv } from 'csv-parse/sync';
import fc from 'fast-check';
import qs from 'qs';
import { findJsonExcess, isDangerousName, parseAddress, parseFormBody, parseJsonBody, Secret, ServiceError } from '#domain';
import { readContactHook, verifyDisposableToken } from '#kommo';
import { StateSigner } from '#secrets';
import { verifyHookAuth } from '#unisender';
import { parseQuery } from '../../apps/api/src/http/query.js';
import { findKommoHost } from '../../libs/kommo/src/kommo-host.js';
import { maskText } from '../../libs/logging/src/mask-text.js';
import { CsvReader } from '../../libs/unisender/src/csv-reader.js';
import { isAllowedUrl } from '../../libs/unisender/src/export-download.js';
import type { ExportRow } from '../../libs/unisender/src/export-file.js';
import { type FormArguments, toFormBody } from '../../libs/unisender/src/form-arguments.js';
import { readExportInMemory } from './export-in-memory.js';
import { anyInput, csvCell, csvText, flatEntries, flatKey, formValue, hookBody, jsonValue } from './fuzz-inputs.js';
import { type Parser, parsers } from './parsers.js';

/** A law that must hold for every input. */
export interface FuzzTarget {
  readonly name: string;
  /** Tries random inputs. Rejects with the smallest input that breaks the law, and with the seed. */
  run(options: { readonly numRuns: number; readonly seed?: number }): Promise<void>;
}

function law<T>(name: string, inputs: fc.Arbitrary<T>, check: (input: T) => void | Promise<void>): FuzzTarget {
  return {
    name,
    run: (options) =>
      fc.assert(
        fc.asyncProperty(inputs, async (input) => check(input)),
        options,
      ),
  };
}

const MAX_CPU_MS = 100;
/** The collection of garbage adds to some tries, never to all. */
const MAX_CPU_TRIES = 20;

const prototypes = [Object, Array, String, Number, Boolean, Function, Map, Set, Buffer, RegExp, Promise].map(
  ({ prototype }) => prototype as object,
);
const countPrototypeKeys = () => prototypes.reduce((count, prototype) => count + Reflect.ownKeys(prototype).length, 0);
const cleanCount = countPrototypeKeys();

async function cpuMsOf(parser: Parser, input: Buffer): Promise<number> {
  const start = process.cpuUsage();
  try {
    await parser.parse(input);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

async function checkParser(parser: Parser, input: Buffer): Promise<void> {
  let cpuMs = await cpuMsOf(parser, input);
  for (let tries = 1; tries < MAX_CPU_TRIES && cpuMs > MAX_CPU_MS; tries += 1) cpuMs = Math.min(cpuMs, await cpuMsOf(parser, input));
  ok(cpuMs <= MAX_CPU_MS, `took ${cpuMs} ms of processor time for ${input.length} bytes`);
  strictEqual(countPrototypeKeys(), cleanCount, 'changed a prototype');
}

const robustness = parsers.map((parser) =>
  law(
    `${parser.name}: only errors of its own, in time, prototypes untouched`,
    fc.tuple(anyInput, fc.constantFrom(...parser.frames)),
    ([input, [before, after]]) => checkParser(parser, Buffer.concat([Buffer.from(before), input, Buffer.from(after)])),
  ),
);

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** What a JSON body shall give: without dangerous names and half surrogate pairs. */
function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return Buffer.from(value).toString();
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(cleaned);
  const entries = Object.entries(value).filter(([name]) => !isDangerousName(name));
  return Object.fromEntries(entries.map(([name, item]) => [cleaned(name), cleaned(item)]));
}

const QS_LIMITS = { depth: 12, arrayLimit: 1_000, parameterLimit: 20_000, plainObjects: true };

const childrenOf = (value: unknown): unknown[] => (typeof value === 'object' && value !== null ? Object.values(value) : []);
const countItems = (value: unknown): number => childrenOf(value).reduce<number>((count, item) => count + 1 + countItems(item), 0);
const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...childrenOf(value).map(depthOf)) : 0;

const references: FuzzTarget[] = [
  law('a form equals what qs reads', fc.tuple(formValue, fc.boolean()), ([value, encodeValuesOnly]) => {
    const text = qs.stringify(value, { encodeValuesOnly, format: 'RFC1738' });
    deepStrictEqual(plain(parseFormBody(text)), plain(value));
    deepStrictEqual(plain(parseFormBody(text)), plain(qs.parse(text, QS_LIMITS)));
    deepStrictEqual(plain(parseFormBody(Buffer.from(text))), plain(value));
  }),
  law('arguments of a call come back from their form', formValue, (value) => {
    deepStrictEqual(plain(parseFormBody(toFormBody(value as FormArguments))), plain(value));
  }),
  law(
    'a query equals what URLSearchParams wrote',
    fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ unit: 'grapheme' })),
    (query) => {
      deepStrictEqual(plain(parseQuery(new URLSearchParams(query).toString())), plain(cleaned(query)));
    },
  ),
  law('a JSON body equals what JSON.parse reads, cleaned', fc.tuple(jsonValue, fc.constantFrom('', ' ', '\n\t')), ([value, space]) => {
    const text = JSON.stringify(value, null, space);
    deepStrictEqual(plain(parseJsonBody(text)), plain(cleaned(value)));
    deepStrictEqual(plain(parseJsonBody(Buffer.from(text))), plain(cleaned(value)));
  }),
  law('the size of a JSON text is measured exactly', fc.tuple(jsonValue, fc.constantFrom('', ' ', '\n\t')), ([value, space]) => {
    const text = JSON.stringify(value, null, space);
    const [maxItems, maxDepth] = [countItems(value), depthOf(value)];
    strictEqual(findJsonExcess(text, { maxItems, maxDepth }), undefined);
    if (maxItems > 0) strictEqual(findJsonExcess(text, { maxItems: maxItems - 1, maxDepth }), 'items');
    if (maxDepth > 0) strictEqual(findJsonExcess(text, { maxItems, maxDepth: maxDepth - 1 }), 'depth');
  }),
  law('a webhook means the same as a form, as JSON and as JSON with flat keys', hookBody, (body) => {
    const nested = readContactHook(parseJsonBody(JSON.stringify(body)));
    deepStrictEqual(readContactHook(parseFormBody(qs.stringify(body))), nested);
    deepStrictEqual(readContactHook(parseJsonBody(JSON.stringify(Object.fromEntries(flatEntries(body))))), nested);
  }),
  law('flat keys beside nested ones reach no prototype', fc.tuple(hookBody, fc.dictionary(flatKey, jsonValue)), ([body, flat]) => {
    readContactHook(parseJsonBody(JSON.stringify({ ...body, ...flat })));
    strictEqual(countPrototypeKeys(), cleanCount, 'changed a prototype');
  }),
  law('an address is its own normal form', anyInput, (input) => {
    const { email, invalidReason } = parseAddress(input.toString('utf8'));
    if (invalidReason === null) deepStrictEqual(parseAddress(email), { email, invalidReason });
    ok(email.length <= 320);
  }),
];

const KEY = 'fuzz-key';
const signer = new StateSigner(Secret.of(KEY));
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const flipped = (text: string, at: number) => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);

const tokenCheck = {
  clientId: 'client',
  clientSecret: Secret.of(KEY),
  redirectUri: 'https://sync.example.org/auth',
  allowedDomains: ['kommo.com'],
  reservedLabels: [],
  nowSeconds: 1_700_000_000,
};

function widgetToken(account: number, user: number): string {
  const claims = {
    iss: 'https://example.kommo.com',
    aud: 'https://sync.example.org',
    nbf: 1_699_999_990,
    exp: 1_700_000_900,
    account_id: account,
    user_id: user,
    subdomain: 'example',
    client_uuid: 'client',
  };
  const signed = `${encode({ typ: 'JWT', alg: 'HS256' })}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', KEY).update(signed).digest('base64url')}`;
}

function throwsServiceError(run: () => unknown): boolean {
  try {
    run();
  } catch (error) {
    if (error instanceof ServiceError) return true;
    throw error;
  }
  return false;
}

const position = fc.double({ min: 0, max: 0.99, noNaN: true });

const signatures: FuzzTarget[] = [
  law('a widget token is valid as signed, and with no other character', fc.tuple(id, id, position), ([account, user, at]) => {
    const token = widgetToken(account, user);
    const { accountId, userId } = verifyDisposableToken(token, tokenCheck);
    deepStrictEqual([accountId, userId], [account, user]);
    ok(throwsServiceError(() => verifyDisposableToken(flipped(token, Math.floor(at * token.length)), tokenCheck)));
  }),
  law('a state is valid as signed, and with no other character', fc.tuple(id, fc.string(), position), ([account, nonce, at]) => {
    const payload = { account_id: account, client_id: 'client', nonce, exp: 2 };
    const state = signer.signState(payload);
    deepStrictEqual(signer.verifyState(state, 1), payload);
    strictEqual(signer.verifyState(flipped(state, Math.floor(at * state.length)), 1), undefined);
    strictEqual(signer.verifyState(state, 2), undefined);
  }),
  law('a Unisender webhook is valid with its own key only', anyInput, (input) => {
    const parts = [Buffer.from('{"auth":"'), Buffer.from(KEY), Buffer.from('","x":"'), input, Buffer.from('"}')];
    const auth = createHash('md5').update(Buffer.concat(parts)).digest('hex');
    const body = Buffer.concat(parts.map((part, index) => (index === 1 ? Buffer.from(auth) : part)));
    ok(verifyHookAuth(body, KEY));
    ok(!verifyHookAuth(body, `${KEY}x`));
  }),
];

const hosts: FuzzTarget[] = [
  law(
    'a Kommo host is one label under an allowed domain',
    fc.tuple(anyInput, fc.constantFrom('', '.kommo.com', '.kommo.com/')),
    ([input, end]) => {
      const host = findKommoHost(input.toString('latin1') + end, ['kommo.com']);
      if (host === undefined) return;
      ok(/^[a-z0-9-]+\.kommo\.com$/.test(host));
      strictEqual(new URL(`https://${host}`).hostname, host);
    },
  ),
  law('an allowed download goes by TLS to a name with a dot', fc.tuple(anyInput, fc.constantFrom('', 'https://')), ([input, start]) => {
    const url = start + input.toString('utf8');
    if (!isAllowedUrl(url, 'https://api.unisender.com')) return;
    const { protocol, hostname, username, password } = new URL(url);
    strictEqual(protocol + username + password, 'https:');
    ok(isIP(hostname) === 0 && /^[^.[\]]+(\.[^.[\]]+)+$/.test(hostname));
    notStrictEqual(hostname.split('.').at(-1), 'localhost');
  }),
];

const toCsv = (rows: readonly (readonly string[])[]) =>
  rows.map((cells) => `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(';')}\n`).join('');

async function readRows(...given: Parameters<typeof readExportInMemory>): Promise<ExportRow[]> {
  const rows = [];
  for await (const batch of readExportInMemory(...given)) rows.push(...batch);
  return rows;
}

/** The options of csv-parse that mean what {@link CsvReader} does. */
const CSV_PARSE = {
  bom: true,
  delimiter: ';',
  record_delimiter: ['\r\n', '\n'],
  relax_column_count: true,
  relax_quotes: true,
  skip_empty_lines: true,
};

function readCsv(file: Buffer, chunkBytes: number): string[][] {
  const reader = new CsvReader(';', { maxCells: 1_000, maxRecordCharacters: 1_000_000 });
  const records: string[][] = [];
  for (let from = 0; from < file.length; from += chunkBytes) records.push(...reader.read(file.subarray(from, from + chunkBytes)));
  return [...records, ...reader.end()];
}

/** Undefined for a text that is no CSV. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

const table = fc.array(fc.tuple(fc.constant('a@b.co'), csvCell, csvCell), { maxLength: 20 });

const exports: FuzzTarget[] = [
  law('CSV equals what csv-parse reads', fc.tuple(csvText, fc.integer({ min: 1, max: 20 })), ([text, chunkBytes]) => {
    deepStrictEqual(
      attempt(() => readCsv(Buffer.from(text), chunkBytes)),
      attempt(() => parseCsv(text, CSV_PARSE) as unknown),
    );
  }),
  law(
    'an export comes back row by row, packed or not',
    fc.tuple(table, fc.integer({ min: 1, max: 400 }), fc.boolean(), fc.boolean()),
    async ([rows, chunkBytes, isPacked, isPackedTransfer]) => {
      const csv = Buffer.from(toCsv([['email', 'name', 'note'], ...rows]));
      const file = isPacked ? gzipSync(csv) : csv;
      const read = await readRows(isPackedTransfer ? gzipSync(file) : file, {
        chunkBytes,
        encoding: isPackedTransfer ? 'gzip' : 'identity',
      });
      deepStrictEqual(
        plain(read),
        rows.map(([email, name, note]) => ({ email, name, note })),
      );
    },
  ),
  law('a part of a packed export is an error', fc.tuple(table, position), async ([rows, at]) => {
    const packed = gzipSync(toCsv([['email', 'name', 'note'], ...rows]));
    const part = packed.subarray(0, Math.max(2, Math.floor(at * packed.length)));
    await readRows(part).then(
      () => ok(false, 'a part was taken as the whole'),
      (error: unknown) => ok(error instanceof ServiceError),
    );
  }),
];

const SECRET = '0f'.repeat(20);
const secretForms = [`api_key=${SECRET}`, `"access_token":"${SECRET}"`, `Bearer ${SECRET}`, `/webhook/${SECRET}`, `https://u:${SECRET}@h/`];

const logs: FuzzTarget[] = [
  law('no secret is in a masked text', fc.tuple(anyInput, fc.constantFrom(...secretForms), anyInput), ([before, secret, after]) => {
    ok(!maskText(`${before.toString('utf8')} ${secret} ${after.toString('utf8')}`).includes(SECRET));
  }),
];

/** Every law of every parser. */
export const fuzzTargets: readonly FuzzTarget[] = [...robustness, ...references, ...signatures, ...hosts, ...exports, ...logs];
