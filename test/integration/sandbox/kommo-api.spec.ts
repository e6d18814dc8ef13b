import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readJsonSample, readSample } from '../../support/samples.js';
import { ManualClock } from './manual-clock.js';
import { bearer, SandboxClient, type SandboxResponse, type RequestOptions, type ConnectedAccount, type Json } from './sandbox-harness.js';

const startMs = Date.parse('2026-01-01T00:00:00Z');
let clock: ManualClock;
let client: SandboxClient;
let account: ConnectedAccount;

beforeEach(async () => {
  clock = new ManualClock(startMs);
  client = await SandboxClient.start({ clock });
  account = await client.connectAccount({ subdomain: 'subdomain' });
  clock.advance(1000);
});

afterEach(() => client.stop());

const api = (path: string, options: RequestOptions = {}): Promise<SandboxResponse> =>
  client.callKommo(account.host, `/api/v4${path}`, { ...options, headers: bearer(account.access) });
const noLimit = () => client.setSwitches({ 'kommo.requests_per_second': 0 });
const add = (contact: Record<string, unknown>) => client.control('POST', `/kommo/accounts/${account.id}/contacts`, contact);
const idsOf = (response: SandboxResponse) => ((response.json._embedded?.contacts ?? []) as unknown as { id: number }[]).map(({ id }) => id);

describe('limits and errors of the Kommo API', () => {
  it('allows seven calls in any second, then returns 429, then blocks the client IP', async () => {
    await client.setSwitches({ 'kommo.violations_before_block': 2, 'kommo.block_seconds': 60 });
    const statuses: number[] = [];
    for (let call = 0; call < 7; call += 1) statuses.push((await api('/account')).status);
    expect(statuses).toEqual(Array(7).fill(200));
    expect((await api('/account')).json).toEqual(readJsonSample('kommo', 'error-429.json'));
    clock.advance(999);
    expect((await api('/account')).status).toBe(429);
    clock.advance(1);
    expect((await api('/account')).status).toBe(200);
    for (let call = 0; call < 6; call += 1) await api('/account');
    const blocked = await api('/account');
    expect([blocked.status, blocked.text]).toEqual([403, readSample('kommo', 'error-403-plain.txt').trim()]);
    clock.advance(59_999);
    expect((await api('/account')).status).toBe(403);
    clock.advance(1);
    expect((await api('/account')).status).toBe(200);
  });

  it('disables webhooks when a client IP is blocked', async () => {
    await client.setSwitches({ 'kommo.violations_before_block': 1, 'kommo.block_seconds': 1 });
    await api('/webhooks', { body: { destination: 'https://service.test/webhook/t', settings: ['add_contact'] } });
    for (let call = 0; call < 8; call += 1) await api('/account');
    clock.advance(1000);
    const [webhook] = (await api('/webhooks')).json._embedded?.webhooks as unknown as Json[];
    expect(webhook?.disabled).toBe(true);
  });

  it('returns errors with the documented bodies', async () => {
    await noLimit();
    expect((await client.callKommo(account.host, '/api/v4/contacts', { headers: bearer('x') })).json).toEqual(
      readJsonSample('kommo', 'error-401.json'),
    );
    expect((await api('/account', { method: 'PUT' })).json).toEqual(readJsonSample('kommo', 'error-405.json'));
    expect((await api('/contacts', { body: [] })).json).toEqual(readJsonSample('kommo', 'error-400-empty.json'));
    expect((await api('/contacts', { body: Array(251).fill({}) })).json).toEqual(readJsonSample('kommo', 'error-422-too-many-items.json'));
    expect((await client.callKommo(account.host, '/example')).json).toEqual(readJsonSample('kommo', 'error-404.json'));
    await client.control('PATCH', `/kommo/accounts/${account.id}`, { paid: false });
    expect((await api('/contacts')).json).toEqual(readJsonSample('kommo', 'error-402.json'));
  });

  it('rejects a token on the host of another account and accepts it on the shared host', async () => {
    await noLimit();
    await client.control('POST', '/kommo/accounts', { subdomain: 'other' });
    expect((await client.callKommo('other.kommo.com', '/api/v4/account', { headers: bearer(account.access) })).status).toBe(401);
    expect((await client.callKommo('api-c.kommo.com', '/api/v4/account', { headers: bearer(account.access) })).status).toBe(200);
  });
});

describe('contacts of the Kommo API', () => {
  beforeEach(noLimit);

  it('have the documented members', async () => {
    await add({ name: 'Sam', emails: ['sam@example.org'], phones: ['+1'] });
    const sample = readJsonSample<Json>('kommo', 'contacts-01-list-kommo-doc.json');
    const shown = (await api('/contacts')).json;
    const [one, documented] = [shown, sample].map((list) => (list._embedded?.contacts as unknown as Json[])[0]);
    expect(Object.keys(one ?? {})).toEqual(Object.keys(documented ?? {}));
    expect((one?.custom_fields_values as unknown as Json[]).map(({ field_code }) => field_code)).toEqual(['PHONE', 'EMAIL']);
    expect((one?.custom_fields_values as unknown as Json[])[1]?.values).toEqual([
      { value: 'sam@example.org', enum_id: expect.any(Number), enum_code: 'WORK' },
    ]);
  });

  it('have null without field values', async () => {
    const { ids } = (await add({ name: 'Bare' })).json as unknown as { ids: number[] };
    expect((await api(`/contacts/${ids[0]}`)).json.custom_fields_values).toBeNull();
  });

  it('are a 204 for an empty account, an unknown id and a filter without matches', async () => {
    expect((await api('/contacts')).status).toBe(204);
    expect((await api('/contacts/5')).status).toBe(204);
    expect((await api('/contacts?filter[id][]=5')).status).toBe(204);
  });

  it('can be filtered by ids and by time, and ordered by time', async () => {
    await add({ id: 1, updated_at: 30 });
    await add({ id: 2, updated_at: 20 });
    await add({ id: 3, updated_at: 10 });
    expect(idsOf(await api('/contacts?filter%5Bid%5D%5B%5D=3&filter%5Bid%5D%5B%5D=1&filter%5Bid%5D%5B%5D=9'))).toEqual([1, 3]);
    expect(idsOf(await api('/contacts?filter[id]=2'))).toEqual([2]);
    expect(idsOf(await api('/contacts?filter[updated_at][from]=20&order[updated_at]=asc'))).toEqual([2, 1]);
    expect(idsOf(await api('/contacts?order[id]=desc&limit=2'))).toEqual([3, 2]);
    await client.control('PATCH', `/kommo/accounts/${account.id}`, { filters_enabled: false });
    expect(idsOf(await api('/contacts?filter[updated_at][from]=20'))).toEqual([1, 2, 3]);
  });

  it('can be found by a part of an address', async () => {
    await add({ id: 1, emails: ['ann@example.org'] });
    await add({ id: 2, emails: ['bob@example.org'] });
    expect(idsOf(await api('/contacts?query=ANN@'))).toEqual([1]);
  });

  it('are hidden when deleted, or returned with a flag if the switch says so', async () => {
    await add({ id: 1 });
    await client.control('DELETE', `/kommo/accounts/${account.id}/contacts/1`);
    expect([(await api('/contacts/1')).status, (await api('/contacts?filter[id]=1')).status]).toEqual([204, 204]);
    expect(idsOf(await api('/contacts?with=only_deleted'))).toEqual([1]);
    await client.setSwitches({ 'kommo.trashed_visible': 'by_id' });
    expect((await api('/contacts/1')).json.is_deleted).toBe(true);
    expect((await api('/contacts')).status).toBe(204);
    await client.setSwitches({ 'kommo.trashed_visible': 'everywhere' });
    expect(idsOf(await api('/contacts'))).toEqual([1]);
  });

  it('are created and changed in the documented form', async () => {
    const made = await api('/contacts', {
      body: [
        { first_name: 'Peter', last_name: 'Parker' },
        { name: 'Jane', request_id: 'mine' },
      ],
    });
    const [one, two] = made.json._embedded?.contacts as unknown as { id: number; request_id: string }[];
    expect([one?.request_id, two?.request_id]).toEqual(['0', 'mine']);
    const tagged = await api(`/contacts/${one?.id}`, {
      method: 'PATCH',
      body: { tags_to_add: [{ name: 'Unisender: unsubscribed' }, { name: 'x' }] },
    });
    expect((tagged.json._embedded?.contacts as unknown as Json[])[0]).toMatchObject({
      id: one?.id,
      name: 'Peter Parker',
      updated_at: startMs / 1000 + 1,
    });
    await api('/contacts', { method: 'PATCH', body: [{ id: one?.id, tags_to_delete: [{ name: 'x' }] }] });
    const tags = (await api(`/contacts/${one?.id}`)).json._embedded?.tags as unknown as Json[];
    expect(tags.map(({ name }) => name)).toEqual(['Unisender: unsubscribed']);
  });

  it('cause an error for each invalid field of a write', async () => {
    const response = await api('/contacts', { body: [{ name: 5, custom_fields_values: [{ field_id: 1, values: [] }] }] });
    expect([response.status, response.json.detail]).toEqual([400, 'Request validation failed']);
    const [problem] = response.json['validation-errors'] as unknown as { errors: { path: string }[] }[];
    expect(problem?.errors.map(({ path }) => path)).toEqual(['name', 'custom_fields_values.0.field_id']);
  });

  it('have the fields and enums of their account', async () => {
    const fields = (await api('/contacts/custom_fields')).json._embedded?.custom_fields as unknown as Json[];
    expect(fields.find(({ code }) => (code as unknown) === 'EMAIL')?.enums).toMatchObject([
      { value: 'WORK' },
      { value: 'PRIV' },
      { value: 'OTHER' },
    ]);
  });
});

describe('webhooks of the Kommo API', () => {
  beforeEach(noLimit);
  const destination = 'https://service.test/webhook/t';
  const subscribe = (settings: string[]) => api('/webhooks', { body: { destination, settings, sort: 10 } });

  it('are created, listed and removed by URL', async () => {
    expect((await api('/webhooks')).status).toBe(204);
    const made = await subscribe(['add_contact']);
    expect(Object.keys(made.json)).toEqual(Object.keys(readJsonSample<object>('kommo', 'webhooks-api-03-create-response.json')));
    const filtered = await api(`/webhooks?filter[destination]=${encodeURIComponent(destination)}`);
    expect(filtered.json._total_items).toBe(1);
    expect((await api('/webhooks', { method: 'DELETE', body: { destination } })).status).toBe(204);
    expect((await api('/webhooks', { method: 'DELETE', body: { destination } })).status).toBe(404);
  });

  it('replace or merge their settings when the URL is repeated', async () => {
    await subscribe(['add_contact']);
    expect((await subscribe(['update_contact'])).json.settings).toEqual(['update_contact']);
    await client.setSwitches({ 'kommo.webhook_repost': 'merge' });
    expect((await subscribe(['add_contact'])).json.settings).toEqual(['update_contact', 'add_contact']);
  });

  it('are rejected with unknown settings, with an invalid URL, and on a plan without webhooks', async () => {
    expect((await subscribe(['add_everything'])).status).toBe(400);
    expect((await api('/webhooks', { body: { destination: 'nowhere', settings: ['add_contact'] } })).status).toBe(400);
    await client.control('PATCH', `/kommo/accounts/${account.id}`, { webhooks_allowed: false });
    expect((await subscribe(['add_contact'])).status).toBe(402);
  });

  it('need an administrator', async () => {
    const user = await client.connectAccount({ users: [{ id: 5, is_admin: false }] });
    expect((await client.callKommo(user.host, '/api/v4/webhooks', { headers: bearer(user.access) })).status).toBe(403);
  });
});
