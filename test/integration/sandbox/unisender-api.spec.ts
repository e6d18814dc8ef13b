import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readJsonSample } from '../../support/samples.js';
import { ManualClock } from './manual-clock.js';
import { sendRequest, SandboxClient, textOf, type Json } from './sandbox-harness.js';

const startMs = Date.parse('2026-01-01T00:00:00Z');
const list = 20502076;
let clock: ManualClock;
let client: SandboxClient;

beforeEach(async () => {
  clock = new ManualClock(startMs);
  client = await SandboxClient.start({ clock });
  await client.control('POST', '/unisender/accounts', { api_key: 'key', login: 'me', lists: ['Kommo 1', 'Other'] });
});

afterEach(() => client.stop());

type Cells = Readonly<Record<string, string>>;

/** Builds the form of an importContacts call. All rows have the same columns. */
function importForm(rows: readonly Cells[], extra: Cells = {}): string {
  const form = new URLSearchParams({ api_key: 'key', ...extra });
  const columns = Object.keys(rows[0] ?? {});
  for (const [index, column] of columns.entries()) form.append(`field_names[${index}]`, column);
  for (const [row, cells] of rows.entries()) {
    for (const [place, column] of columns.entries()) form.append(`data[${row}][${place}]`, cells[column] ?? '');
  }
  return form.toString();
}

const importRows = async (rows: readonly Cells[], extra: Cells = {}) =>
  (await client.callUnisender('importContacts', importForm(rows, extra))).json;
const call = async (method: string, args: Cells = {}) =>
  (await client.callUnisender(method, new URLSearchParams({ api_key: 'key', ...args }).toString())).json;
const seed = (contact: Record<string, unknown>) => client.control('POST', '/unisender/accounts/key/contacts', contact);
const stored = async (email: string) =>
  ((await client.control('GET', `/unisender/accounts/key/contacts?email=${encodeURIComponent(email)}`)).json as unknown as Json[])[0];

describe('importContacts', () => {
  it('counts inserted, updated, deleted, new, invalid and repeated rows', async () => {
    await seed({ email: 'old@example.org', status: 'active' });
    await seed({ email: 'deleted@example.org' });
    const response = await importRows([
      { email: 'a@example.org', delete: '0' },
      { email: 'A@example.org', delete: '0' },
      { email: 'old@example.org', delete: '' },
      { email: 'deleted@example.org', delete: '1' },
      { email: 'never@example.org', delete: '1' },
      { email: '444', delete: '0' },
      { email: 'info@example.org', delete: '0' },
    ]);
    expect(response.result).toMatchObject({ total: 7, inserted: 1, updated: 1, deleted: 2, new_emails: 1, invalid: 2 });
    const log = response.result?.log as unknown as { index: string; code: string }[];
    expect(log.map(({ index, code }) => [index, code])).toEqual([
      ['5', 'e_address__e_syntax'],
      ['6', 'e_address__e_role'],
    ]);
  });

  it.each(['иван@example.org', 'ivan@пример.рф'])('accepts %s, or rejects it with the switch', async (email) => {
    expect((await importRows([{ email }])).result).toMatchObject({ inserted: 1 });
    await client.setSwitches({ 'unisender.unicode_addresses': false });
    expect((await importRows([{ email }])).result).toMatchObject({ invalid: 1 });
  });

  it('returns log indexes as numbers and no empty log with the switches', async () => {
    await client.setSwitches({ 'unisender.log_index': 'number', 'unisender.empty_log': 'null', 'unisender.count_unknown_deletes': false });
    expect((await importRows([{ email: '444' }])).result?.log).toMatchObject([{ index: 0 }]);
    expect((await importRows([{ email: 'x@example.org', delete: '1' }])).result).toMatchObject({ deleted: 0, log: null });
  });

  it.each([
    ['unsubscribed', 'active', 'unsubscribed'],
    ['blocked', 'new', 'blocked'],
    ['new', 'active', 'new'],
    ['new', 'unsubscribed', 'unsubscribed'],
    ['active', 'inactive', 'inactive'],
    ['inactive', 'unsubscribed', 'unsubscribed'],
  ])('changes status %s with email_status=%s to %s', async (before, asked, after) => {
    await seed({ email: 'a@example.org', status: before });
    await importRows([{ email: 'a@example.org', email_status: asked }]);
    expect((await stored('a@example.org'))?.status).toBe(after);
  });

  it('restores the status of an address that is added after its deletion', async () => {
    await seed({ email: 'a@example.org', status: 'unsubscribed' });
    await importRows([{ email: 'a@example.org', delete: '1' }]);
    expect(await stored('a@example.org')).toBeUndefined();
    expect((await importRows([{ email: 'a@example.org', email_list_ids: String(list) }])).result).toMatchObject({
      inserted: 1,
      new_emails: 0,
    });
    expect(await stored('a@example.org')).toMatchObject({ status: 'unsubscribed', lists: [{ id: list }] });
  });

  it('keeps the unsubscribe from a list unless lists are overwritten', async () => {
    await seed({ email: 'a@example.org', status: 'active', unsubscribed_lists: [list] });
    const row = { email: 'a@example.org', email_list_ids: String(list) };
    await importRows([row]);
    expect((await stored('a@example.org'))?.lists).toMatchObject([{ status: 'unsubscribed' }]);
    await importRows([row], { overwrite_lists: '1' });
    expect((await stored('a@example.org'))?.lists).toMatchObject([{ status: 'active' }]);
  });

  it('adds to lists, excludes from lists, writes fields and tags', async () => {
    await importRows([{ email: 'a@example.org', Name: 'Анна 🌸', email_list_ids: `${list}, ${list + 1}`, tags: 'one,two' }]);
    await importRows([{ email: 'a@example.org', email_excluded_list_ids: String(list), tags: 'three' }]);
    expect(await stored('a@example.org')).toMatchObject({
      fields: { Name: 'Анна 🌸' },
      tags: ['one', 'two', 'three'],
      lists: [{ id: list + 1 }],
    });
    await importRows([{ email: 'a@example.org', Name: '' }]);
    expect((await stored('a@example.org'))?.fields).toEqual({});
  });

  it('rejects more than 500 rows, or imports the first 500', async () => {
    const rows = Array.from({ length: 501 }, (_, index) => ({ email: `a${index}@example.org` }));
    expect((await importRows(rows)).code).toBe('invalid_arg');
    await client.setSwitches({ 'unisender.over_max_rows': 'truncate' });
    expect((await importRows(rows)).result).toMatchObject({ total: 500, inserted: 500 });
  });

  it('rejects a call without e-mail addresses, without rows, or with an unknown list', async () => {
    expect((await importRows([{ Name: 'x' }])).code).toBe('invalid_arg');
    expect((await call('importContacts', { 'field_names[]': 'email' })).code).toBe('invalid_arg');
    expect((await importRows([{ email: 'a@example.org', email_list_ids: '5' }])).code).toBe('invalid_arg');
    await client.setSwitches({ 'unisender.unknown_list': 'log' });
    expect((await importRows([{ email: 'a@example.org', email_list_ids: '5' }])).result).toMatchObject({
      inserted: 1,
      log: [{ index: '0' }],
    });
  });
});

describe('the transport of Unisender', () => {
  it('returns the recorded body with status 200 for an unknown key', async () => {
    const response = await client.callUnisender('getLists', 'api_key=some-key');
    expect([response.status, response.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(response.json).toEqual(readJsonSample('unisender', 'error.invalid_api_key.json'));
  });

  it('accepts GET, multipart and gzip in any of the three languages', async () => {
    const url = client.sandbox.url;
    const get = await sendRequest(url, '/en/api/importContacts?format=json&api_key=key&field_names[]=email&data[][]=get@example.org');
    expect(get.json.result).toMatchObject({ inserted: 1 });
    const multipart = new FormData();
    for (const [name, value] of [
      ['api_key', 'key'],
      ['field_names[]', 'email'],
      ['data[0][]', 'multi@example.org'],
    ] as const)
      multipart.append(name, value);
    const posted = await fetch(`${url}/ua/api/importContacts`, { method: 'POST', body: multipart });
    expect(await posted.json()).toMatchObject({ result: { inserted: 1 } });
    const body = gzipSync('field_names[]=email&data[0][]=gzip@example.org');
    const packed = await fetch(`${url}/ru/api/importContacts?format=json&api_key=key&request_compression=gzip`, { method: 'POST', body });
    expect(await packed.json()).toMatchObject({ result: { inserted: 1 } });
  });

  it('rejects arguments in query and body together, JSON bodies and unknown methods', async () => {
    const mixed = await sendRequest(client.sandbox.url, '/ru/api/createList?format=json&title=x', { form: 'api_key=key' });
    expect(mixed.json.error).toBe('Call to a member function getMessage() on boolean');
    expect((await sendRequest(client.sandbox.url, '/ru/api/getLists', { body: { api_key: 'key' } })).json.code).toBe('invalid_api_key');
    expect((await call('getlists')).code).toBe('unknown_method');
  });

  it('escapes texts as PHP does', async () => {
    await call('createList', { title: 'Список a/b' });
    const response = await client.callUnisender('getLists', 'api_key=key');
    expect(response.text).toContain('"\\u0421\\u043f\\u0438\\u0441\\u043e\\u043a a\\/b"');
  });

  it('limits calls in fixed minutes', async () => {
    await client.setSwitches({ 'unisender.requests_per_minute': 3, 'unisender.export_per_minute': 1 });
    await call('getLists');
    expect((await call('async/exportContacts')).result).toMatchObject({ status: 'new' });
    expect((await call('async/exportContacts')).code).toBe('api_call_limit_exceeded_for_api_key');
    expect((await call('getLists')).code).toBe('api_call_limit_exceeded_for_api_key');
    clock.advance(60_000);
    expect((await call('getLists')).result).toHaveLength(2);
  });

  it('denies access to an account whose API is off', async () => {
    await client.control('PATCH', '/unisender/accounts/key', { api_enabled: false });
    expect((await call('getLists')).code).toBe('access_denied');
  });
});

describe('lists, fields and single contacts', () => {
  it('creates, renames and deletes lists, and keeps their contacts', async () => {
    const id = textOf((await call('createList', { title: 'New' })).result?.id);
    expect((await call('createList', { title: 'New' })).code).toBe('invalid_arg');
    await call('updateList', { list_id: id, title: 'Newer' });
    expect((await call('getLists')).result).toContainEqual({ id: Number(id), title: 'Newer' });
    await importRows([{ email: 'a@example.org', email_list_ids: id }]);
    expect((await call('deleteList', { list_id: id })).result).toEqual([]);
    expect((await stored('a@example.org'))?.lists).toEqual([]);
    await client.setSwitches({ 'unisender.void_result': 'object' });
    expect((await call('deleteList', { list_id: String(list) })).result).toEqual({});
  });

  it('creates fields with valid names only', async () => {
    expect((await call('createField', { name: 'City', type: 'string' })).result).toEqual(
      readJsonSample<Json>('unisender', 'createField.response.json').result,
    );
    expect((await call('createField', { name: '1st', type: 'string' })).code).toBe('invalid_arg');
    expect((await call('createField', { name: 'City', type: 'string' })).code).toBe('invalid_arg');
    expect((await call('getFields')).result).toHaveLength(2);
  });

  it('returns a contact in the documented form', async () => {
    await importRows([{ email: 'test@example.org', Name: 'Ivan', email_list_ids: String(list) }]);
    const sample = readJsonSample<Json>('unisender', 'getContact.response.shape.json').result;
    const shown = (await call('getContact', { email: 'test@example.org', include_lists: '1', include_fields: '1', include_details: '1' }))
      .result;
    expect(Object.keys(shown ?? {})).toEqual(Object.keys(sample ?? {}));
    expect(Object.keys(shown?.email ?? {})).toEqual(Object.keys(sample?.email ?? {}));
    expect(shown).toMatchObject({
      email: { added_at: '2026-01-01 00:00:00', status: 'new' },
      lists: [{ id: list }],
      fields: { Name: 'Ivan' },
    });
    expect((await call('getContact', { email: 'none@example.org' })).code).toBe('object_not_found');
    expect((await call('getContact', { email: '444' })).error).toContain('not a valid email address');
  });

  it('excludes a contact completely, and unsubscribes it from lists only', async () => {
    await importRows([{ email: 'test@example.org', email_list_ids: `${list},${list + 1}`, email_status: 'active' }]);
    const member = { contact_type: 'email', contact: 'test@example.org' };
    await call('unsubscribe', { ...member, list_ids: String(list) });
    expect(await stored('test@example.org')).toMatchObject({ status: 'active', lists: [{ status: 'unsubscribed' }, { status: 'active' }] });
    await call('exclude', member);
    expect((await stored('test@example.org'))?.lists).toEqual([]);
    expect(await call('exclude', member)).toEqual(readJsonSample('unisender', 'error.exclude_or_unsubscribe.not_found.json'));
  });

  it('subscribes with and without an invitation, and overwrites in three ways', async () => {
    const first = await call('subscribe', {
      list_ids: String(list),
      'fields[email]': 'a@example.org',
      'fields[Name]': 'A',
      double_optin: '3',
    });
    expect(first.result).toEqual({ person_id: 1 });
    await call('subscribe', {
      list_ids: String(list),
      'fields[email]': 'a@example.org',
      'fields[Name]': 'B',
      double_optin: '3',
      overwrite: '0',
    });
    expect((await stored('a@example.org'))?.fields).toEqual({ Name: 'A' });
    await call('subscribe', {
      list_ids: String(list + 1),
      'fields[email]': 'a@example.org',
      'fields[Name]': 'C',
      double_optin: '3',
      overwrite: '1',
    });
    expect(await stored('a@example.org')).toMatchObject({ fields: { Name: 'C' }, lists: [{ id: list + 1 }] });
    await call('subscribe', { list_ids: String(list), 'fields[email]': 'b@example.org' });
    expect((await stored('b@example.org'))?.status).toBe('invited');
    expect((await call('subscribe', { list_ids: String(list) })).error).toMatch(/^YE131008-08/);
  });

  it('returns membership as a boolean, and counts contacts', async () => {
    await importRows([{ email: 'a@example.org', email_list_ids: String(list) }]);
    const lists = `${list},${list + 1}`;
    expect((await call('isContactInLists', { email: 'a@example.org', list_ids: lists })).result).toBe(true);
    expect((await call('isContactInLists', { email: 'a@example.org', list_ids: lists, condition: 'and' })).result).toBe(false);
    expect((await call('getContactCount', { list_id: String(list), 'params[type]': 'address' })).result).toMatchObject({
      listId: list,
      count: '1',
    });
    expect((await call('getTotalContactsCount', { login: 'me' })).result).toEqual({ total: 1 });
    expect((await call('getContactFieldValues', { email: 'a@example.org', field_ids: '21575' })).result).toEqual({
      fieldValues: { 21575: '' },
    });
  });
});

describe('async/exportContacts', () => {
  const columns = { 'field_names[0]': 'email', 'field_names[1]': 'Name', 'field_names[2]': 'email_list_ids' };
  const start = async (args: Cells) => textOf((await call('async/exportContacts', args)).result?.task_uuid);
  const result = async (task: string) => (await call('async/getTaskResult', { task_uuid: task })).result;

  it('has the status new, then processing, then completed', async () => {
    await client.setSwitches({ 'unisender.export_seconds': 4 });
    const task = await start(columns);
    expect(await result(task)).toMatchObject({ status: 'new' });
    clock.advance(1000);
    expect(await result(task)).toMatchObject({ status: 'processing' });
    clock.advance(3000);
    expect(await result(task)).toMatchObject({
      status: 'completed',
      file_to_download: `${client.sandbox.url}/unisender-files/${task}.csv`,
    });
  });

  it('quotes cells, and uses the delimiter and compression of the switches', async () => {
    await client.setSwitches({ 'unisender.export_seconds': 0, 'unisender.export_delimiter': ';' });
    await importRows([{ email: 'a@example.org', Name: 'Say "hi"; ok', email_list_ids: `${list},${list + 1}` }]);
    const task = await start(columns);
    const file = await fetch(textOf((await result(task))?.file_to_download));
    const text = `email;Name;email_list_ids\na@example.org;"Say ""hi""; ok";${list},${list + 1}\n`;
    expect(await file.text()).toBe(text);
    await client.setSwitches({ 'unisender.export_gzip': true });
    const packed = await fetch(`${client.sandbox.url}/unisender-files/${task}.csv`);
    expect(gunzipSync(await packed.arrayBuffer()).toString()).toBe(text);
  });

  it('filters by status and list', async () => {
    await client.setSwitches({ 'unisender.export_seconds': 0 });
    await seed({ email: 'a@example.org', lists: [list] });
    await seed({ email: 'b@example.org', status: 'unsubscribed' });
    const lines = async (args: Cells) => {
      const task = await start({ 'field_names[0]': 'email', ...args });
      return (await (await fetch(textOf((await result(task))?.file_to_download))).text()).trim().split('\n').slice(1);
    };
    expect(await lines({ email_status: 'unsubscribed' })).toEqual(['b@example.org']);
    expect(await lines({ list_id: String(list) })).toEqual(['a@example.org']);
  });
});
