import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { BugError, Secret, silentLogger, TransientError } from '#domain';
import { readUnisenderHook, UnisenderClient, UnisenderKeyRefusedError, UnisenderRejectedError, verifyHookAuth } from '#unisender';
import { readJsonSample, readSample } from '../../support/samples.js';
import {
  expectOneFailure,
  failureOf,
  halfBody,
  json,
  recordingLimiter,
  reset,
  drip,
  silence,
  stall,
  startStubVendor,
  type StubVendor,
  text,
  unannounced,
} from './stub-vendor.js';

const KEY = 'planted-unisender-key';
const key = Secret.of(KEY);
const keyHash = createHash('sha256').update(KEY).digest('hex').slice(0, 16);
const sample = (file: string) => json(readJsonSample('unisender', file));

let vendor: StubVendor;
let limiter: ReturnType<typeof recordingLimiter>;
let client: UnisenderClient;

/** Longer than a busy machine takes. */
const PATIENT_MS = 60_000;
/** For responses that never come. */
const IMPATIENT_MS = 250;

const createClient = (timeoutMs: number, exportTimeoutMs?: number) =>
  UnisenderClient.create(
    { baseUrl: new URL('/ru/api/', vendor.origin).href, timeoutMs, exportTimeoutMs },
    { logger: silentLogger, clock: systemClock, limiter },
  );

beforeEach(async () => {
  vendor = await startStubVendor();
  limiter = recordingLimiter();
  client = createClient(PATIENT_MS);
});

afterEach(async () => {
  client.close();
  await vendor.close();
});

const lastForm = () => Object.fromEntries(new URLSearchParams(vendor.requests.at(-1)?.body));
const apiError = (code: string, error = `XX000000-00 [about ${KEY}]`) => json({ error, code, result: '' });

function useImpatientClient(): void {
  client.close();
  client = createClient(IMPATIENT_MS);
}

describe('every call to Unisender', () => {
  const expectFailure = (kind: new (...args: never[]) => Error, properties: object) =>
    expectOneFailure(vendor, client.getLists(key), { kind, properties, secret: KEY });

  it('posts a form with the key after it acquired the limiter', async () => {
    vendor.respondWith(sample('getLists.response.json'));
    const lists = await client.getLists(key);
    expect(lists[0]).toEqual({ id: 55688, title: 'My list number 1' });
    expect(vendor.requests[0]).toMatchObject({ method: 'POST', target: '/ru/api/getLists' });
    expect(vendor.requests[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(lastForm()).toMatchObject({ format: 'json', api_key: KEY });
    expect(limiter.acquired).toEqual([['unisender', `unisender:${keyHash}`, `unisender-method:${keyHash}:getLists`]]);
  });

  it.each([
    [
      'invalid_api_key',
      apiError('invalid_api_key', `SZ150410-1 [Invalid key '${KEY}']`),
      UnisenderKeyRefusedError,
      { code: 'unisender_key_refused' },
    ],
    ['access_denied', apiError('access_denied'), TransientError, { code: 'unisender_access_denied', retryAfterMs: 60_000 }],
    [
      'the limit of the key',
      apiError('api_call_limit_exceeded_for_api_key'),
      TransientError,
      { code: 'unisender_rate_limited', retryAfterMs: 60_000 },
    ],
    [
      'the limit of the IP',
      apiError('api_call_limit_exceeded_for_ip'),
      TransientError,
      { code: 'unisender_rate_limited', retryAfterMs: 60_000 },
    ],
    ['retry_later', apiError('retry_later'), TransientError, { code: 'unisender_unavailable' }],
    ['not_enough_money', apiError('not_enough_money'), TransientError, { code: 'unisender_not_enough_money', retryAfterMs: 900_000 }],
    [
      'a limit of the tariff',
      apiError('unspecified', 'Your tariff allows 1000 contacts'),
      TransientError,
      { code: 'unisender_not_enough_money' },
    ],
    ['unknown_method', apiError('unknown_method'), BugError, { code: 'unisender_unknown_method' }],
    ['invalid_arg', apiError('invalid_arg'), UnisenderRejectedError, { code: 'unisender_rejected', vendorCode: 'invalid_arg' }],
    ['unspecified', apiError('unspecified'), UnisenderRejectedError, { code: 'unisender_rejected' }],
    ['an unknown code', apiError('brand_new'), UnisenderRejectedError, { code: 'unisender_rejected' }],
    ['an error without a code', json({ error: 'AK100310-02' }), UnisenderRejectedError, { code: 'unisender_rejected' }],
    ['an error with its own status', json({ error: 'x', code: 'retry_later' }, 503), TransientError, { code: 'unisender_unavailable' }],
    ['429', text('Too many', 429), TransientError, { code: 'unisender_rate_limited', retryAfterMs: 60_000 }],
    ['413', text('Too large', 413), UnisenderRejectedError, { code: 'unisender_rejected', vendorCode: 'http_413' }],
    ['403 html', text('<html>', 403), TransientError, { code: 'unisender_unavailable' }],
    ['500', text('', 500), TransientError, { code: 'unisender_unavailable' }],
    ['a redirect', text('', 302, { Location: 'http://127.0.0.1:1/' }), TransientError, { code: 'unisender_unavailable' }],
    ['an empty body', text(''), TransientError, { code: 'unisender_unavailable' }],
    ['half a JSON', text('{"result":[{"id":1'), TransientError, { code: 'unisender_unavailable' }],
    ['no envelope', json([1]), TransientError, { code: 'unisender_unavailable' }],
    ['half a body', halfBody('{"result":[]}'), TransientError, { code: 'unisender_unavailable' }],
    ['a reset', reset, TransientError, { code: 'unisender_unavailable' }],
  ])('R36: throws the right error without the key after %s', async (_name, response, kind, properties) => {
    vendor.respondWith(response);
    await expectFailure(kind, properties);
  });

  it.each([
    ['silence', silence],
    ['a stalled body', stall('{"result":')],
  ])('R36: stops waiting, and throws the right error without the key, after %s', async (_name, response) => {
    useImpatientClient();
    vendor.respondWith(response);
    await expectFailure(TransientError, { code: 'unisender_unavailable' });
  });

  it.each([
    ['the limit of the key', apiError('api_call_limit_exceeded_for_api_key'), `unisender:${keyHash}`, 60_000],
    ['the limit of the IP', apiError('api_call_limit_exceeded_for_ip'), 'unisender', 60_000],
    ['429', text('Too many', 429), 'unisender', 60_000],
    ['429 with a long wait', text('Too many', 429, { 'Retry-After': '86400' }), 'unisender', 900_000],
  ])('S03: pauses the key, or every key of the IP, after %s', async (_name, response, limiterKey, forMs) => {
    vendor.respondWith(response);
    await failureOf(client.getLists(key));
    expect(limiter.paused).toEqual([[limiterKey, { code: 'unisender_rate_limited', forMs }]]);
  });

  it('accepts the key of an account without lists', async () => {
    vendor.respondWith(json({ result: [] }));
    await expect(client.getLists(key)).resolves.toEqual([]);
  });
});

describe('importContacts', () => {
  it('sends rows and reads counts and rejected rows', async () => {
    vendor.respondWith(sample('importContacts.response.shape.json'));
    const rows = [
      ['a@example.org', 'Ирина 🙂', '5'],
      ['b+tag@example.org', '50% & more', '5'],
      ['bad', '', '5'],
    ];
    const result = await client.importContacts(key, { fieldNames: ['email', 'Name', 'email_list_ids'], rows });
    expect(result).toMatchObject({ total: 3, inserted: 1, updated: 1, invalid: 1, rejected: [{ index: 2, code: 'e_address__e_syntax' }] });
    expect(lastForm()).toMatchObject({
      'field_names[1]': 'Name',
      'data[0][1]': 'Ирина 🙂',
      'data[1][0]': 'b+tag@example.org',
      'data[1][1]': '50% & more',
    });
    expect(Object.keys(lastForm()).filter((name) => name.startsWith('overwrite') || name.includes('status'))).toEqual([]);
  });

  it.each([
    ['Wed, 21 Oct 2015 07:28:00 GMT', Date.UTC(2015, 9, 21, 7, 28)],
    ['soon', undefined],
  ])('returns the time that the response names: %s', async (date, respondedAtMs) => {
    vendor.respondWith(json(readJsonSample('unisender', 'importContacts.response.shape.json'), 200, { Date: date }));
    const result = await client.importContacts(key, { fieldNames: ['email'], rows: [['a@example.org']] });
    expect(result.respondedAtMs).toBe(respondedAtMs);
  });

  it.each([
    ['501 rows', { fieldNames: ['email'], rows: Array.from({ length: 501 }, () => ['a@example.org']) }],
    ['rows of another width', { fieldNames: ['email', 'Name'], rows: [['a@example.org']] }],
    ['a status', { fieldNames: ['email', 'email_status'], rows: [['a@example.org', 'active']] }],
  ])('rejects %s and sends nothing', async (_name, given) => {
    expect(await failureOf(client.importContacts(key, given))).toBeInstanceOf(BugError);
    expect(vendor.requests).toHaveLength(0);
  });

  it('sends 500 rows, and makes no call without rows', async () => {
    vendor.respondWith(json({ result: { total: 500, inserted: 500, updated: 0, deleted: 0, invalid: 0, log: null } }));
    const rows = Array.from({ length: 500 }, (_, index) => [`a${index}@example.org`]);
    await expect(client.importContacts(key, { fieldNames: ['email'], rows })).resolves.toMatchObject({ inserted: 500, rejected: [] });
    await expect(client.importContacts(key, { fieldNames: ['email'], rows: [] })).resolves.toMatchObject({ total: 0 });
    expect(vendor.requests).toHaveLength(1);
  });

  it('does not read a response without counts as a success', async () => {
    vendor.respondWith(json({ result: [] }));
    await expect(client.importContacts(key, { fieldNames: ['email'], rows: [['a@example.org']] })).rejects.toMatchObject({
      code: 'unisender_unavailable',
    });
  });
});

describe('single contacts', () => {
  it('reads a contact with its lists, fields and age', async () => {
    vendor.respondWith(sample('getContact.response.shape.json'));
    await expect(client.getContact(key, 'test@example.org')).resolves.toEqual({
      email: 'test@example.org',
      status: 'active',
      availability: 'available',
      addedAtMs: Date.UTC(2023, 2, 29, 10),
      lists: [{ id: 20502076, status: 'active' }],
      fields: { Name: 'Ivan' },
    });
    expect(lastForm()).toMatchObject({ email: 'test@example.org', include_lists: '1', include_fields: '1' });
  });

  it.each([
    ['a code', sample('error.getContact.not_found.partial.json')],
    ['a text', apiError('unspecified', 'ZZ1 [Contact not found]')],
  ])('finds no contact when Unisender says so by %s', async (_name, response) => {
    vendor.respondWith(response);
    await expect(client.getContact(key, 'x@example.org')).resolves.toBeUndefined();
  });

  it('does not report a contact as missing after another rejection', async () => {
    vendor.respondWith(apiError('unspecified', 'YE131008-12 [Invalid address contact "x"]'));
    expect(await failureOf(client.getContact(key, 'x'))).toBeInstanceOf(UnisenderRejectedError);
  });

  it('excludes an address from the given lists, also one that is not on them, and never from all lists', async () => {
    vendor.respondWith(sample('exclude_or_unsubscribe.response.json'), sample('error.exclude_or_unsubscribe.not_found.json'));
    await client.exclude(key, 'a@example.org', [134, 135]);
    expect(lastForm()).toMatchObject({ contact_type: 'email', contact: 'a@example.org', list_ids: '134,135' });
    await client.exclude(key, 'a@example.org', [134]);
    expect(await failureOf(client.exclude(key, 'a@example.org', []))).toBeInstanceOf(BugError);
    expect(vendor.requests).toHaveLength(2);
  });
});

describe('lists, fields and hooks', () => {
  it('creates lists and fields, and reads fields', async () => {
    vendor.respondWith(sample('createList.response.json'), sample('createField.response.json'), sample('getFields.response.shape.json'));
    await expect(client.createList(key, 'Kommo 1')).resolves.toBe(55688);
    await expect(client.createField(key, 'City')).resolves.toBe(1092208);
    expect(lastForm()).toMatchObject({ name: 'City', type: 'string' });
    await expect(client.getFields(key)).resolves.toEqual([{ id: 21575, name: 'Name', type: 'string' }]);
  });

  it.each([[json({ result: [] })], [json({ result: {} })], [json({ result: '' })], [json({ result: null })]])(
    'sets a hook after an empty result of any form',
    async (response) => {
      vendor.respondWith(response);
      await client.setHook(key, { url: 'https://sync.example.org/u', events: { unsubscribe: '*' } });
      expect(lastForm()).toMatchObject({
        hook_url: 'https://sync.example.org/u',
        'events[unsubscribe]': '*',
        event_format: 'json_post',
        single_event: '1',
        status: 'active',
      });
    },
  );

  it('removes a hook, also a missing one, and lists the others', async () => {
    vendor.respondWith(
      apiError('unspecified', 'Hook not found'),
      json({ result: [{ hook_url: 'https://a.test', status: 'stopped' }, { url: 'https://b.test' }] }),
    );
    await expect(client.removeHook(key, 'https://sync.example.org/u')).resolves.toBeUndefined();
    await expect(client.listHooks(key)).resolves.toEqual([
      { url: 'https://a.test', status: 'stopped' },
      { url: 'https://b.test', status: undefined },
    ]);
  });
});

describe('S12: a response with too much content', () => {
  it.each([
    ['bytes', text(`{"result":[${' '.repeat(9 * 1024 * 1024)}]}`), () => client.getLists(key)],
    ['items', json({ result: Array.from({ length: 250_000 }, () => 1) }), () => client.getLists(key)],
    ['bytes for one object', text(`{"result":{"id":1}${' '.repeat(1024 * 1024)}}`), () => client.createList(key, 'x')],
    ['levels', text(`{"result":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), () => client.getLists(key)],
  ])('is a transient error: too many %s', async (_name, response, call) => {
    vendor.respondWith(response);
    expect(await failureOf(call())).toMatchObject({ kind: 'transient', code: 'unisender_unavailable' });
  });
});

describe('exports', () => {
  const fileUrl = () => new URL('/files/export.csv', vendor.origin).href;
  const readAll = async (url = fileUrl()) => {
    const rows = [];
    for await (const batch of client.readExport(url)) rows.push(...batch);
    return rows;
  };

  it('have a limit of their own and a task', async () => {
    vendor.respondWith(
      sample('exportContacts.async.response.json'),
      sample('getTaskResult.processing.shape.json'),
      sample('getTaskResult.completed.shape.json'),
    );
    const taskId = await client.requestExport(key, { fieldNames: ['email', 'email_status'], listId: 123 });
    expect(vendor.requests[0]?.target).toBe('/ru/api/async/exportContacts');
    expect(lastForm()).toMatchObject({ 'field_names[1]': 'email_status', list_id: '123' });
    expect(limiter.acquired).toEqual([
      [
        'unisender',
        `unisender:${keyHash}`,
        'unisender-export',
        `unisender-export:${keyHash}`,
        `unisender-method:${keyHash}:async/exportContacts`,
      ],
    ]);
    await expect(client.getTask(key, taskId)).resolves.toEqual({ status: 'processing', fileUrl: undefined });
    await expect(client.getTask(key, taskId)).resolves.toEqual({ status: 'completed', fileUrl: expect.stringContaining('https://') });
  });

  const rows = [
    { email: 'a@example.org', email_status: 'active', email_list_ids: '1,2' },
    { email: 'b@example.org', email_status: 'unsubscribed', email_list_ids: '' },
  ];
  const csv = (delimiter: string) =>
    ['email', 'email_status', 'email_list_ids'].join(delimiter) +
    '\n' +
    `a@example.org${delimiter}active${delimiter}"1,2"\r\nb@example.org${delimiter}unsubscribed${delimiter}\n`;

  it.each([
    ['semicolons', csv(';')],
    ['commas', csv(',')],
    ['tabs', csv('\t')],
    ['a byte order mark', `\ufeff${csv(';')}`],
    ['gzip', gzipSync(csv(','))],
    ['no line end at the end', csv(';').trimEnd()],
  ])('read a file with %s', async (_name, file) => {
    vendor.respondWith(text(file));
    await expect(readAll()).resolves.toEqual(rows);
    expect(vendor.requests[0]).toMatchObject({ method: 'GET', body: '' });
  });

  const manyRows = `email;email_status\n${Array.from({ length: 20_000 }, (_, index) => `a${index}@example.org;active\n`).join('')}`;
  const packed = gzipSync(manyRows);
  const gzipTransfer = { 'Content-Encoding': 'gzip' };

  it('S08: ask for an uncompressed transfer, and read a compressed one', async () => {
    vendor.respondWith(text(manyRows), text(packed, 200, gzipTransfer), text(gzipSync(packed), 200, gzipTransfer), unannounced(packed));
    for (let file = 0; file < 4; file += 1) await expect(readAll()).resolves.toHaveLength(20_000);
    expect(vendor.requests.map(({ headers }) => headers['accept-encoding'])).toEqual(Array(4).fill('identity'));
  });

  const damaged = Buffer.from(packed);
  damaged.writeUInt32LE(damaged.readUInt32LE(packed.length - 8) ^ 1, packed.length - 8);

  it.each([
    ['half of a compressed transfer', text(packed.subarray(0, packed.length / 2), 200, gzipTransfer)],
    ['a compressed transfer without its trailer', text(packed.subarray(0, -8), 200, gzipTransfer)],
    ['a compressed file without its trailer', text(packed.subarray(0, -8))],
    ['half of a compressed file of unannounced length', unannounced(packed.subarray(0, packed.length / 2))],
    ['a compressed file with a wrong checksum', text(damaged)],
    ['an uncompressed file of unannounced length', unannounced(manyRows)],
    ['an unknown encoding', text(manyRows, 200, { 'Content-Encoding': 'br' })],
    ['half of a file', halfBody(manyRows)],
  ])('S08: fail with a transient error after %s', async (_name, response) => {
    vendor.respondWith(response);
    expect(await failureOf(readAll())).toMatchObject({ code: 'unisender_unavailable' });
  });

  it('S16: fail after the time limit of the whole download, although data arrives', async () => {
    client.close();
    client = createClient(PATIENT_MS, 300);
    vendor.respondWith(drip('email;email_status\n', 5));
    expect(await failureOf(readAll())).toMatchObject({ code: 'unisender_unavailable' });
  });

  it('S12: fail after a header with thousands of columns', async () => {
    vendor.respondWith(text(`${'a;'.repeat(2_000)}\n1;2\n`));
    expect(await failureOf(readAll())).toMatchObject({ code: 'unisender_unavailable' });
  });

  it('R75: read no rows from a file with only a header; fail with an empty file, and without the column "email"', async () => {
    const unusable = ['', '\n\r\n', 'E-mail;email_status\na@example.org;active\n'];
    vendor.respondWith(text('email;email_status\n'), ...unusable.map((file) => text(file)));
    await expect(readAll()).resolves.toEqual([]);
    for (let file = 0; file < unusable.length; file += 1) {
      await expect(readAll()).rejects.toMatchObject({ code: 'unisender_export_unusable' });
    }
  });

  it('keep the cells of their columns only; a quote that is not closed before a delimiter is an ordinary character', async () => {
    const lines = ['email;email_status', 'a@example.org;active;x;"y;z"', 'b@example.org;"new" or not', '"c"@example.org;active;'];
    vendor.respondWith(text(lines.join('\n')));
    await expect(readAll()).resolves.toEqual([
      { email: 'a@example.org', email_status: 'active' },
      { email: 'b@example.org', email_status: '"new" or not' },
      { email: '"c"@example.org', email_status: 'active' },
    ]);
  });

  it('stream a large file, and stop the download when the reader stops', async () => {
    const line = `${'x'.repeat(80)}@example.org;active\n`;
    vendor.respondWith(text(`email;email_status\n${line.repeat(50_000)}`));
    let count = 0;
    for await (const rows of client.readExport(fileUrl())) {
      expect(rows.every((row) => row['email_status'] === 'active')).toBe(true);
      count += rows.length;
      if (count >= 1_000) break;
    }
    expect(count).toBeGreaterThanOrEqual(1_000);
    expect(count).toBeLessThan(50_000);
    await expect(readAll()).resolves.toHaveLength(50_000);
  });

  it.each([
    ['is cut off', halfBody('email;email_status\na@example.org;active\n')],
    ['is a cut off gzip', text(gzipSync(csv(';').repeat(1_000)).subarray(0, 60))],
    ['is not there', text('deleted', 404)],
    ['breaks off at once', reset],
  ])('fail with a transient error when the file %s', async (_name, response) => {
    vendor.respondWith(response);
    expect(await failureOf(readAll())).toMatchObject({ code: 'unisender_unavailable' });
  });

  it.each([
    ['stalls', stall('email;email_status\na@example.org;active\n')],
    ['never arrives', silence],
  ])('stop waiting, and fail with a transient error, when the file %s', async (_name, response) => {
    useImpatientClient();
    vendor.respondWith(response);
    expect(await failureOf(readAll())).toMatchObject({ code: 'unisender_unavailable' });
  });

  it.each([
    'http://files.example.org/x.csv',
    'https://127.0.0.1/x.csv',
    'https://[::1]/x.csv',
    'https://2130706433/x.csv',
    'https://localhost/x.csv',
    'https://user@files.example.org/x.csv',
    'https://:password@files.example.org/x.csv',
    `https://files.example.org/${'x'.repeat(5_000)}`,
    'file:///etc/passwd',
    'not a URL',
  ])('do not download %s', async (url) => {
    expect(await failureOf(readAll(url))).toMatchObject({ code: 'unisender_unavailable' });
    vendor.respondWith(text('', 302, { Location: url }));
    expect(await failureOf(readAll())).toMatchObject({ code: 'unisender_unavailable' });
  });

  it.each([
    'localhost.',
    'localhost',
    'sync.localhost',
    'printer.local',
    'db.internal',
    'files.example.org.',
    'files..example.org',
    '127.0.0.1.',
    '0x7f.1',
    '[::ffff:127.0.0.1]',
    '\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3\u3002',
  ])('S17: do not download from https://%s', async (host) => {
    expect(await failureOf(readAll(`https://${host}/x.csv`))).toMatchObject({
      code: 'unisender_unavailable',
      message: 'Unisender sent a URL of the export that is not allowed',
    });
  });

  it('follow a redirect to an allowed URL, at most a few times', async () => {
    vendor.respondWith(text('', 302, { Location: '/files/other.csv' }), text(csv(';')));
    await expect(readAll()).resolves.toHaveLength(2);
    vendor.respondWith(text('', 302, { Location: '/files/other.csv' }));
    expect(await failureOf(readAll())).toMatchObject({ code: 'unisender_unavailable' });
  });
});

describe("Unisender's recorded hooks", () => {
  interface Vector {
    readonly label: string;
    readonly api_key: string;
    readonly body: string;
  }
  const { vectors } = readJsonSample<{ vectors: Vector[] }>('unisender', 'webhook.auth-vectors.json');

  it.each(vectors.map((vector) => [vector.label, vector] as const))('verifies the vector "%s"', (_label, { api_key, body }) => {
    expect(verifyHookAuth(Buffer.from(body), api_key)).toBe(true);
    expect(verifyHookAuth(Buffer.from(body), `${api_key}x`)).toBe(false);
  });

  it('reads a recorded batch and a single event', () => {
    expect(readUnisenderHook(JSON.parse(readSample('unisender', 'webhook.batch.user_info.body.json')))).toMatchObject([
      { name: 'user_info', eventTime: '2018-08-06 21:56:14' },
    ]);
    expect(readUnisenderHook(readJsonSample('unisender', 'webhook.single.campaign_status.json'))).toMatchObject([
      { name: 'campaign_status', status: 'canceled', leftListIds: [], joinedListIds: [], otherListIds: [] },
    ]);
  });
});
