import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from './manual-clock.js';
import { SandboxClient, textOf, type Json } from './sandbox-harness.js';

const list = 20502076;
let client: SandboxClient;

beforeEach(async () => {
  client = await SandboxClient.start({ clock: new ManualClock(Date.parse('2026-01-01T00:00:00Z')) });
  await client.control('POST', '/unisender/accounts', { api_key: 'key', login: 'me', lists: ['Kommo 1'] });
});

afterEach(() => client.stop());

type Cells = Readonly<Record<string, string>>;

const call = async (method: string, args: Cells = {}) =>
  (await client.callUnisender(method, new URLSearchParams({ api_key: 'key', ...args }).toString())).json;
const importEmails = (emails: readonly string[]) =>
  call('importContacts', {
    'field_names[0]': 'email',
    'field_names[1]': 'email_list_ids',
    ...Object.fromEntries(
      emails.flatMap((email, row) => [
        [`data[${row}][0]`, email],
        [`data[${row}][1]`, String(list)],
      ]),
    ),
  });
const control = (method: string, path: string, body?: Record<string, unknown>) =>
  client.control(method, `/unisender/accounts/key${path}`, body);
const stored = async (email: string) =>
  ((await client.control('GET', `/unisender/accounts/key/contacts?email=${email}`)).json as unknown as Json[])[0];

describe('trouble of importContacts', () => {
  it.each([
    ['row', { total: 2, inserted: 1, invalid: 1, log: [{ index: '1', code: 'e_temporary' }] }],
    ['silent', { total: 2, inserted: 1, invalid: 1, log: [] }],
  ])('refuses an ordered address as a %s', async (place, result) => {
    await control('POST', '/refusals', { email: 'b@example.org', place, code: 'e_temporary' });
    expect((await importEmails(['a@example.org', 'b@example.org'])).result).toMatchObject(result);
  });

  it('refuses the whole call of an ordered address, without an effect', async () => {
    await control('POST', '/refusals', { email: 'b@example.org', place: 'call', code: 'invalid_arg' });
    expect(await importEmails(['a@example.org', 'b@example.org'])).toMatchObject({ code: 'invalid_arg' });
    expect(await stored('a@example.org')).toBeUndefined();
    await control('DELETE', '/refusals');
    expect((await importEmails(['b@example.org'])).result).toMatchObject({ inserted: 1 });
  });

  it.each([
    ['short_total', { total: 1, inserted: 1, invalid: 1 }],
    ['no_log', { total: 2, inserted: 1, invalid: 1, log: [] }],
    ['no_sums', { total: 2 }],
    ['no_invalid', { total: 2, inserted: 1, log: [{ index: '1' }] }],
  ])('lies about its sums: %s', async (lie, result) => {
    await client.setSwitches({ 'unisender.import_sums': lie });
    expect((await importEmails(['a@example.org', '444'])).result).toMatchObject(result);
  });

  it('responds with 413 to a long body', async () => {
    await client.setSwitches({ 'unisender.max_body_bytes': 200 });
    const response = await client.callUnisender('getLists', `api_key=key&platform=${'x'.repeat(200)}`);
    expect(response.status).toBe(413);
  });

  it('applies a late call when it is told to', async () => {
    await client.control('POST', '/faults', { target: 'unisender', kind: 'late', times: 1 });
    await expect(importEmails(['a@example.org'])).rejects.toThrow();
    expect(await stored('a@example.org')).toBeUndefined();
    expect((await client.control('POST', '/faults/late')).json).toEqual({ applied: 1 });
    expect(await stored('a@example.org')).toMatchObject({ email: 'a@example.org' });
  });

  it('ends an unsubscribe from a list only with the switch', async () => {
    await control('POST', '/contacts', { email: 'a@example.org', unsubscribed_lists: [list] });
    await importEmails(['a@example.org']);
    expect(await stored('a@example.org')).toMatchObject({ lists: [{ status: 'unsubscribed' }] });
    await client.setSwitches({ 'unisender.reimport_revives': true });
    await importEmails(['a@example.org']);
    expect(await stored('a@example.org')).toMatchObject({ lists: [{ status: 'active' }] });
  });
});

describe('trouble of single calls', () => {
  it.each([
    ['exclude', 'exclude', { contact_type: 'email', contact: 'a@example.org' }],
    ['look', 'getContact', { email: 'a@example.org' }],
  ])('refuses %s of an ordered address', async (place, method, args) => {
    await importEmails(['a@example.org']);
    await control('POST', '/refusals', { email: 'a@example.org', place, code: 'unspecified' });
    expect(await call(method, args)).toMatchObject({ code: 'unspecified' });
  });

  it('omits added_at with the switch', async () => {
    await importEmails(['a@example.org']);
    await client.setSwitches({ 'unisender.added_at': 'absent' });
    expect((await call('getContact', { email: 'a@example.org' })).result).toEqual({
      email: { email: 'a@example.org', status: 'new', availability: 'available' },
    });
  });
});

describe('the owner', () => {
  it('renames a list, takes a contact off it, and makes a new key for the same account', async () => {
    await importEmails(['a@example.org']);
    await control('PATCH', `/lists/${list}`, { title: 'Clients' });
    await control('POST', '/exclude', { email: 'a@example.org', list_ids: [list] });
    expect(await stored('a@example.org')).toMatchObject({ lists: [] });
    await control('POST', '/key', { api_key: 'second' });
    expect(await call('getLists')).toMatchObject({ code: 'invalid_api_key' });
    expect(await call('getLists', { api_key: 'second' })).toEqual({ result: [{ id: list, title: 'Clients' }] });
  });
});

describe('trouble of exports', () => {
  const finished = async () => {
    const { result } = await call('async/exportContacts', { 'field_names[0]': 'email', 'field_names[1]': 'email_status' });
    return (await call('async/getTaskResult', { task_uuid: textOf(result?.['task_uuid']) })).result ?? {};
  };

  beforeEach(async () => {
    await client.setSwitches({ 'unisender.export_seconds': 0 });
    await importEmails(['a@example.org']);
  });

  it.each([
    ['no_file', { status: 'completed' }],
    ['unknown_status', { status: 'archived' }],
  ])('ends a task with %s', async (form, expected) => {
    await client.setSwitches({ 'unisender.export_task': form });
    const task = await finished();
    expect(task).toMatchObject(expected);
    expect(task['file_to_download']).toBeUndefined();
  });

  it.each([
    ['bom', '\ufeffemail,email_status\na@example.org,new\n'],
    ['other_header', 'E-mail,email_status\na@example.org,new\n'],
    ['no_header', 'a@example.org,new\n'],
    ['empty', ''],
    ['cut', 'email,email_status\na@example.org'],
    ['html', '<!DOCTYPE html>\n'],
    ['json', '{"error":'],
    ['zip', 'PK\u0003\u0004'],
  ])('serves a file of the form %s', async (form, start) => {
    await client.setSwitches({ 'unisender.export_file': form });
    const file = await fetch(textOf((await finished())['file_to_download']));
    const text = Buffer.from(await file.arrayBuffer()).toString('utf8');
    expect(text.startsWith(start)).toBe(true);
  });
});
