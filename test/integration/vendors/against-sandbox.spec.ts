import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { parseFormBody, Secret, silentLogger } from '#domain';
import {
  CONTACT_WEBHOOK_SETTINGS,
  KommoClient,
  KommoHostMovedError,
  type KommoSession,
  KommoTokenRefusedError,
  KommoUnauthorizedError,
  parseReferer,
  readContactHook,
  verifyDisposableToken,
} from '#kommo';
import { readUnisenderHook, UnisenderClient, UnisenderKeyRefusedError, verifyHookAuth } from '#unisender';
import { type ConnectedAccount, Receiver, SandboxClient } from '../sandbox/sandbox-harness.js';
import { failureOf, recordingLimiter } from './stub-vendor.js';

const KEY = 'sandbox-key';
const key = Secret.of(KEY);
const allowedDomains = ['kommo.com', 'amocrm.com', 'amocrm.ru'];

let sandbox: SandboxClient;
let receiver: Receiver;
let kommo: KommoClient;
let unisender: UnisenderClient;
let connected: ConnectedAccount;
let session: KommoSession;

const grantOf = ({ host, client }: ConnectedAccount) => ({
  host,
  clientId: client.client_id,
  clientSecret: Secret.of(client.client_secret),
  redirectUri: client.redirect_uri,
});

beforeEach(async () => {
  sandbox = await SandboxClient.start();
  receiver = await new Receiver().start();
  const ports = { logger: silentLogger, clock: systemClock, limiter: recordingLimiter() };
  kommo = KommoClient.create(
    { allowedDomains, reservedLabels: [], originOverride: new URL(sandbox.sandbox.url), timeouts: { totalMs: 2_000, oauthMs: 2_000 } },
    ports,
  );
  unisender = UnisenderClient.create({ baseUrl: `${sandbox.sandbox.url}/ru/api`, timeoutMs: 2_000 }, ports);
  await sandbox.setSwitches({ 'kommo.requests_per_second': 0, 'unisender.export_seconds': 0 });
  connected = await sandbox.connectAccount({ subdomain: 'acme', name: 'Acme' });
  session = { host: connected.host, accessToken: Secret.of(connected.access), accountId: connected.id };
  await sandbox.control('POST', '/unisender/accounts', { api_key: KEY, login: 'me' });
});

afterEach(async () => {
  kommo.close();
  unisender.close();
  await sandbox.stop();
  await receiver.stop();
});

const createContacts = async (contacts: unknown): Promise<number[]> => {
  const { json } = await sandbox.control('POST', `/kommo/accounts/${connected.id}/contacts`, contacts);
  return (json as unknown as { ids: number[] }).ids;
};

describe('Kommo', () => {
  it('authorises, refreshes and reads its account', async () => {
    const code = await sandbox.createCode(connected.id, connected.client.client_id);
    const pair = await kommo.exchangeCode({ ...grantOf(connected), host: parseReferer(connected.host, allowedDomains), code });
    expect(pair).toMatchObject({ expiresInSeconds: 86_400, claims: { accountId: connected.id, apiDomain: 'api-c.kommo.com' } });
    const next = await kommo.refresh({ ...grantOf(connected), accountId: connected.id, refreshToken: pair.refreshToken });
    const account = await kommo.getAccount({ ...session, accessToken: next.accessToken });
    expect(account).toEqual({ accountId: connected.id, name: 'Acme', subdomain: 'acme', currentUserId: 10000001 });
  });

  it('refuses a used code, and a used refresh token in rotation mode B', async () => {
    const code = await sandbox.createCode(connected.id, connected.client.client_id);
    await kommo.exchangeCode({ ...grantOf(connected), code });
    expect(await failureOf(kommo.exchangeCode({ ...grantOf(connected), code }))).toMatchObject({
      hint: 'Authorization code has been revoked',
    });
    await sandbox.setSwitches({ 'kommo.rotation': 'B' });
    const refresh = () => kommo.refresh({ ...grantOf(connected), accountId: connected.id, refreshToken: Secret.of(connected.refresh) });
    await refresh();
    expect(await failureOf(refresh())).toBeInstanceOf(KommoTokenRefusedError);
  });

  it('R30: reports the new subdomain of a renamed account', async () => {
    await sandbox.control('POST', `/kommo/accounts/${connected.id}/rename`, { subdomain: 'renamed' });
    const refreshToken = Secret.of(connected.refresh);
    expect(await failureOf(kommo.refresh({ ...grantOf(connected), accountId: connected.id, refreshToken }))).toBeInstanceOf(
      KommoHostMovedError,
    );
    const host = await kommo.findCurrentHost({ accountId: connected.id, apiDomain: 'api-c.kommo.com', refreshToken });
    expect(host).toBe('renamed.kommo.com');
    await expect(kommo.refresh({ ...grantOf(connected), accountId: connected.id, host: host ?? '', refreshToken })).resolves.toMatchObject({
      expiresInSeconds: 86_400,
    });
  });

  it('R01: lists 251 contacts in pages, each once', async () => {
    await createContacts({ count: 251, seed: 7, hooks: false });
    const first = await kommo.listContacts(session, { page: 1, limit: 250, orderBy: 'id' });
    const second = await kommo.listContacts(session, { page: 2, limit: 250, orderBy: 'id' });
    const third = await kommo.listContacts(session, { page: 3, limit: 250, orderBy: 'id' });
    expect([first.hasNext, second.hasNext, third.contacts]).toEqual([true, false, []]);
    expect(new Set([...first.contacts, ...second.contacts].map(({ contactId }) => contactId)).size).toBe(251);
  });

  it.each([true, false])('finds contacts by id with filters enabled: %p', async (isFiltering) => {
    const ids = await createContacts([
      { name: 'Ann', emails: ['ann@example.org', 'ann@work.example.org'] },
      { name: 'Bob' },
      { name: 'Cid', is_unsorted: true },
      { name: 'Dan' },
    ]);
    await sandbox.control('DELETE', `/kommo/accounts/${connected.id}/contacts/${ids[1]}`);
    await sandbox.control('PATCH', `/kommo/accounts/${connected.id}`, { filters_enabled: isFiltering });
    const [ann = 0, bob = 0, cid = 0] = ids;
    const found = await kommo.findContactsByIds(session, [ann, bob, cid, 999_999_999]);
    expect([...found.keys()]).toEqual([ann]);
    expect(found.get(ann)).toMatchObject({ name: 'Ann', isDeleted: false });
    expect(found.get(ann)?.emails.map(({ value }) => value)).toEqual(['ann@example.org', 'ann@work.example.org']);
  });

  it('sends equal data of a contact by hook and by API', async () => {
    await expect(kommo.ensureWebhook(session, { destination: `${receiver.url}/hook`, settings: CONTACT_WEBHOOK_SETTINGS })).resolves.toBe(
      'active',
    );
    const [id = 0] = await createContacts({
      name: 'Ирина 🙂 +&%',
      emails: ['444', 'i+x@example.org'],
      phones: ['+7 1'],
      position: 'CEO',
      tags: ['vip'],
    });
    const [delivery] = await receiver.waitForCalls(1);
    const hook = readContactHook(parseFormBody(delivery?.body ?? ''));
    expect(hook).toMatchObject({ accountId: connected.id, subdomain: 'acme', unreadable: [] });
    expect(hook.changes[0]?.snapshot).toEqual(await kommo.findContact(session, id));
  });

  it('tags contacts and keeps their other tags', async () => {
    const ids = await createContacts([{ name: 'Ann', tags: ['vip'] }, { name: 'Bob' }]);
    await kommo.tagContacts(session, { ids, tagName: 'Unisender: unsubscribed' });
    const found = await kommo.findContactsByIds(session, ids);
    expect([...found.values()].map(({ tags }) => [...tags].sort())).toEqual([
      ['Unisender: unsubscribed', 'vip'],
      ['Unisender: unsubscribed'],
    ]);
  });

  it.each(['replace', 'merge'])('R19: has an active webhook after a disabled one, when a second POST would %s', async (repost) => {
    await sandbox.setSwitches({ 'kommo.webhook_repost': repost });
    const wanted = { destination: `${receiver.url}/hook`, settings: CONTACT_WEBHOOK_SETTINGS };
    await kommo.ensureWebhook(session, { ...wanted, settings: ['add_lead'] });
    await sandbox.control('POST', `/kommo/accounts/${connected.id}/webhooks/disable`);
    await kommo.ensureWebhook(session, wanted);
    const [webhook] = await kommo.listWebhooks(session, wanted.destination);
    expect(webhook).toMatchObject({ isDisabled: false, settings: CONTACT_WEBHOOK_SETTINGS });
    await kommo.deleteWebhook(session, wanted.destination);
    await kommo.deleteWebhook(session, wanted.destination);
    await expect(kommo.listWebhooks(session)).resolves.toEqual([]);
  });

  it('issues a disposable token that names the user of the widget', async () => {
    const { json } = await sandbox.control('POST', `/kommo/accounts/${connected.id}/disposable-token`, {
      client_id: connected.client.client_id,
    });
    const caller = verifyDisposableToken((json as unknown as { token: string }).token, {
      ...grantOf(connected),
      allowedDomains,
      nowSeconds: Math.floor(systemClock.nowMs() / 1000),
    });
    expect(caller).toMatchObject({ accountId: connected.id, subdomain: 'acme', host: 'acme.kommo.com' });
  });

  it.each([
    ['429', 'kommo_rate_limited'],
    ['500', 'kommo_unavailable'],
    ['503', 'kommo_unavailable'],
    ['403html', 'kommo_forbidden'],
    ['402', 'kommo_payment_required'],
    ['401', 'kommo_unauthorized'],
    ['timeout', 'kommo_unavailable'],
    ['reset', 'kommo_unavailable'],
    ['half_body', 'kommo_unavailable'],
    ['empty', 'kommo_unavailable'],
  ])('R36: fails with %s as %s, and works afterwards', async (kind, code) => {
    await sandbox.control('POST', '/faults', { target: 'kommo', match: '/api/v4/account', kind, times: 1 });
    expect(await failureOf(kommo.getAccount(session))).toMatchObject({ code });
    await expect(kommo.getAccount(session)).resolves.toMatchObject({ accountId: connected.id });
  });

  it('refuses both tokens after the access is revoked', async () => {
    await sandbox.control('POST', `/kommo/accounts/${connected.id}/revoke`, {});
    expect(await failureOf(kommo.getAccount(session))).toBeInstanceOf(KommoUnauthorizedError);
    expect(
      await failureOf(kommo.refresh({ ...grantOf(connected), accountId: connected.id, refreshToken: Secret.of(connected.refresh) })),
    ).toBeInstanceOf(KommoTokenRefusedError);
  });
});

describe('Unisender', () => {
  it('accepts its keys and no other', async () => {
    await expect(unisender.getLists(key)).resolves.toBeInstanceOf(Array);
    expect(await failureOf(unisender.getLists(Secret.of('other')))).toBeInstanceOf(UnisenderKeyRefusedError);
  });

  it('inserts, rejects and deletes rows, and shows its contacts', async () => {
    const listId = await unisender.createList(key, 'Kommo 1');
    await expect(unisender.getLists(key)).resolves.toEqual([{ id: listId, title: 'Kommo 1' }]);
    const fieldNames = ['email', 'delete', 'Name', 'email_list_ids'];
    const put = (email: string, name: string) => [email, '0', name, String(listId)];
    const first = await unisender.importContacts(key, {
      fieldNames,
      rows: [put('a+x@example.org', 'Ирина 🙂 +&%'), put('bad', ''), put('info@example.org', '')],
    });
    expect(first).toMatchObject({ total: 3, inserted: 1, updated: 0, invalid: 2 });
    expect(first.rejected.map(({ index }) => index)).toEqual([1, 2]);
    const contact = await unisender.getContact(key, 'a+x@example.org');
    expect(contact).toMatchObject({ status: 'new', lists: [{ id: listId }], fields: { Name: 'Ирина 🙂 +&%' } });
    expect(contact?.addedAtMs).toBeGreaterThan(systemClock.nowMs() - 60_000);
    const second = await unisender.importContacts(key, { fieldNames, rows: [['a+x@example.org', '1', '', '']] });
    expect(second).toMatchObject({ deleted: 1, rejected: [] });
    await expect(unisender.getContact(key, 'a+x@example.org')).resolves.toBeUndefined();
  });

  it('removes addresses from a list and keeps them in the account', async () => {
    const listId = await unisender.createList(key, 'Kommo 1');
    await unisender.importContacts(key, { fieldNames: ['email', 'email_list_ids'], rows: [['a@example.org', String(listId)]] });
    await unisender.exclude(key, 'a@example.org', [listId]);
    await unisender.exclude(key, 'a@example.org', [listId]);
    await expect(unisender.getContact(key, 'a@example.org')).resolves.toMatchObject({ lists: [] });
  });

  it('exports its contacts', async () => {
    await sandbox.control('POST', '/unisender/accounts/sandbox-key/contacts', { count: 1_500, seed: 3 });
    const taskId = await unisender.requestExport(key, { fieldNames: ['email', 'email_status', 'email_list_ids'] });
    const { status, fileUrl } = await unisender.getTask(key, taskId);
    expect(status).toBe('completed');
    const emails = new Set<string>();
    for await (const rows of unisender.readExport(fileUrl ?? '')) {
      for (const row of rows) emails.add(`${row['email']} ${row['email_status']}`);
    }
    expect(emails.size).toBe(1_500);
    expect([...emails].every((row) => /@example\.com active$/.test(row))).toBe(true);
  });

  it.each([true, false])('reports an unsubscribe in a signed hook, one event per delivery: %p', async (singleEvent) => {
    const listId = await unisender.createList(key, 'Kommo 1');
    await unisender.importContacts(key, { fieldNames: ['email', 'email_list_ids'], rows: [['a@example.org', String(listId)]] });
    const url = `${receiver.url}/u`;
    await unisender.setHook(key, { url, events: { unsubscribe: '*' }, singleEvent });
    await expect(unisender.listHooks(key)).resolves.toMatchObject([{ url, status: 'active' }]);
    await sandbox.control('POST', '/unisender/accounts/sandbox-key/unsubscribe', { email: 'a@example.org' });
    const [, delivery] = await receiver.waitForCalls(2);
    const body = Buffer.from(delivery?.body ?? '');
    expect([verifyHookAuth(body, KEY), verifyHookAuth(body, 'other')]).toEqual([true, false]);
    expect(readUnisenderHook(JSON.parse(body.toString('utf8')))).toMatchObject([
      { name: 'unsubscribe', email: 'a@example.org', leftListIds: [listId] },
    ]);
    await unisender.removeHook(key, url);
    await unisender.removeHook(key, url);
    await expect(unisender.listHooks(key)).resolves.toEqual([]);
  });

  it('creates fields and lists them', async () => {
    await unisender.createField(key, 'City');
    expect((await unisender.getFields(key)).map(({ name }) => name)).toContain('City');
  });

  it.each([
    ['429', 'unisender_rate_limited'],
    ['500', 'unisender_unavailable'],
    ['403html', 'unisender_unavailable'],
    ['timeout', 'unisender_unavailable'],
    ['reset', 'unisender_unavailable'],
    ['half_body', 'unisender_unavailable'],
    ['empty', 'unisender_unavailable'],
    ['retry_later', 'unisender_unavailable'],
    ['api_call_limit_exceeded_for_ip', 'unisender_rate_limited'],
    ['not_enough_money', 'unisender_not_enough_money'],
    ['access_denied', 'unisender_access_denied'],
    ['invalid_arg', 'unisender_rejected'],
  ])('R36: fails with %s as %s, and works afterwards', async (kind, code) => {
    await sandbox.control('POST', '/faults', { target: 'unisender', kind, times: 1 });
    expect(await failureOf(unisender.getLists(key))).toMatchObject({ code });
    await expect(unisender.getLists(key)).resolves.toEqual([]);
  });
});
