import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { BugError, InvalidInputError, Secret, silentLogger, TransientError } from '#domain';
import { KommoClient, KommoHostMovedError, type KommoSession, KommoTokenRefusedError, KommoUnauthorizedError } from '#kommo';
import { listSamples, readJsonSample, readSample } from '../../support/samples.js';
import {
  expectOneFailure,
  failureOf,
  halfBody,
  json,
  noContent,
  recordingLimiter,
  reset,
  silence,
  stall,
  startStubVendor,
  type StubVendor,
  text,
} from './stub-vendor.js';

const ACCESS_TOKEN = 'planted-access-token';
const REFRESH_TOKEN = 'planted-refresh-token';
const CLIENT_SECRET = 'planted-client-secret';
const HOUR_MS = 3_600_000;

let vendor: StubVendor;
let limiter: ReturnType<typeof recordingLimiter>;
let client: KommoClient;

const session: KommoSession = { host: 'example.kommo.com', accessToken: Secret.of(ACCESS_TOKEN), accountId: 31361463 };
const grant = {
  host: 'example.kommo.com',
  clientId: '01d01160-d7a0-4087-b4af-6a1bb83fcd1d',
  clientSecret: Secret.of(CLIENT_SECRET),
  redirectUri: 'https://sync.example.org/auth',
};

const contact = (id: number, more: object = {}) => ({
  id,
  name: `Contact ${id}`,
  updated_at: 1_700_000_000,
  is_deleted: false,
  is_unsorted: false,
  custom_fields_values: null,
  ...more,
});

const contactPage = (contacts: readonly object[], next?: string) => ({
  _page: 1,
  _links: { self: { href: 'x' }, ...(next === undefined ? {} : { next: { href: next } }) },
  _embedded: { contacts },
});

/** Longer than a busy machine takes. */
const PATIENT = { connectMs: 60_000, totalMs: 60_000, oauthMs: 60_000 };
/** For responses that never come. */
const IMPATIENT = { connectMs: 150, totalMs: 250, oauthMs: 250 };

const clientAt = (originOverride: URL, timeouts = PATIENT) =>
  KommoClient.create(
    {
      allowedDomains: ['kommo.com', 'amocrm.com', 'amocrm.ru'],
      reservedLabels: ['developers'],
      originOverride,
      timeouts,
    },
    { logger: silentLogger, clock: systemClock, limiter },
  );

beforeEach(async () => {
  vendor = await startStubVendor();
  limiter = recordingLimiter();
  client = clientAt(vendor.origin);
});

afterEach(async () => {
  client.close();
  await vendor.close();
});

describe('S12: a response with too much content', () => {
  const page = { page: 1, limit: 250 };
  const many = Array.from({ length: 251 }, (_, index) => contact(index + 1));

  it.each([
    ['bytes', text(`{"_embedded":${' '.repeat(9 * 1024 * 1024)}}`), () => client.listContacts(session, page)],
    ['contacts', json(contactPage(many)), () => client.listContacts(session, page)],
    [
      'values',
      json(contactPage([contact(1, { name: Array.from({ length: 500_000 }, () => 1) })])),
      () => client.listContacts(session, page),
    ],
    ['levels', text(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), () => client.getAccount(session)],
    ['values for one contact', json(contact(1, { name: Array.from({ length: 30_000 }, () => 1) })), () => client.findContact(session, 1)],
    ['bytes for an account', text(' '.repeat(2 * 1024 * 1024)), () => client.getAccount(session)],
  ])('is a transient error: too many %s', async (_name, response, call) => {
    vendor.respondWith(response);
    expect(await failureOf(call())).toMatchObject({ kind: 'transient', code: 'kommo_unavailable' });
  });

  it('is read by its status when it is an error', async () => {
    vendor.respondWith(text('['.repeat(20_000) + ']'.repeat(20_000), 401));
    expect(await failureOf(client.getAccount(session))).toBeInstanceOf(KommoUnauthorizedError);
  });
});

describe('every call to Kommo', () => {
  const expectFailure = (kind: new (...args: never[]) => Error, properties: object) =>
    expectOneFailure(vendor, client.getAccount(session), { kind, properties, secret: ACCESS_TOKEN });

  it('sends the real host and the token after it acquired the limiter', async () => {
    vendor.respondWith(json(readJsonSample('kommo', 'account-01-captured-2025.json')));
    const account = await client.getAccount(session);
    expect(account).toEqual(expect.objectContaining({ accountId: expect.any(Number), subdomain: expect.any(String) }));
    const [request] = vendor.requests;
    expect(request?.headers).toMatchObject({ host: 'example.kommo.com', authorization: `Bearer ${ACCESS_TOKEN}` });
    expect(request?.headers['user-agent']).toContain('kommo-unisender-sync');
    expect(limiter.acquired).toEqual([['kommo', 'kommo:31361463']]);
  });

  it.each([
    ['401', json(readJsonSample('kommo', 'error-401.json'), 401), KommoUnauthorizedError, { code: 'kommo_unauthorized' }],
    [
      '402',
      json(readJsonSample('kommo', 'error-402.json'), 402),
      TransientError,
      { code: 'kommo_payment_required', retryAfterMs: HOUR_MS },
    ],
    [
      '403 in plain text',
      text(readSample('kommo', 'error-403-plain.txt'), 403),
      TransientError,
      { code: 'kommo_forbidden', retryAfterMs: 60_000 },
    ],
    [
      '429 with its own number',
      json({ status: 429, retry_after: 17 }, 429),
      TransientError,
      { code: 'kommo_rate_limited', retryAfterMs: 17_000 },
    ],
    [
      '429 as documented',
      json(readJsonSample('kommo', 'error-429.json'), 429),
      TransientError,
      { code: 'kommo_rate_limited', retryAfterMs: 300_000 },
    ],
    ['429 in plain text', text('Too many', 429), TransientError, { code: 'kommo_rate_limited', retryAfterMs: 300_000 }],
    [
      '429 with a header',
      text('Too many', 429, { 'Retry-After': '5' }),
      TransientError,
      { code: 'kommo_rate_limited', retryAfterMs: 5_000 },
    ],
    ['400', json(readJsonSample('kommo', 'error-400-validation.json'), 400), InvalidInputError, { code: 'kommo_rejected' }],
    ['404', json(readJsonSample('kommo', 'error-404.json'), 404), InvalidInputError, { code: 'kommo_rejected' }],
    ['422', json(readJsonSample('kommo', 'error-422-too-many-items.json'), 422), InvalidInputError, { code: 'kommo_rejected' }],
    ['500', json({ title: 'ErrInternalServer', status: 500 }, 500), TransientError, { code: 'kommo_unavailable' }],
    ['504 in html', text('<html>', 504), TransientError, { code: 'kommo_unavailable' }],
    ['a redirect', text('', 302, { Location: 'http://127.0.0.1:1/' }), TransientError, { code: 'kommo_unavailable' }],
    ['half a JSON', text('{"id":1,'), TransientError, { code: 'kommo_unavailable' }],
    ['an empty 200', text(''), TransientError, { code: 'kommo_unavailable' }],
    ['another shape', json([1, 2]), TransientError, { code: 'kommo_unavailable' }],
    ['half a body', halfBody('{"id":1}'), TransientError, { code: 'kommo_unavailable' }],
    ['a reset', reset, TransientError, { code: 'kommo_unavailable' }],
  ])('throws the right error without the token after %s', async (_name, response, kind, properties) => {
    vendor.respondWith(response);
    await expectFailure(kind, properties);
  });

  it.each([
    ['silence', silence],
    ['a stalled body', stall('{"id":')],
  ])('stops waiting, and throws the right error without the token, after %s', async (_name, response) => {
    client.close();
    client = clientAt(vendor.origin, IMPATIENT);
    vendor.respondWith(response);
    await expectFailure(TransientError, { code: 'kommo_unavailable' });
  });

  it.each([
    ['429', text('', 429), { code: 'kommo_rate_limited', forMs: 300_000 }],
    ['429 with a long wait', json({ retry_after: 86_400 }, 429), { code: 'kommo_rate_limited', forMs: 900_000 }],
    ['the plain 403 of a blocked IP', text('403 Forbidden', 403), { code: 'kommo_blocked', forMs: 60_000, isGrowing: true }],
  ])('S03: pauses the account, or the host of an exchange, after %s', async (_name, response, refusal) => {
    vendor.respondWith(response);
    await failureOf(client.getAccount(session));
    await failureOf(client.refresh({ ...grant, accountId: session.accountId, refreshToken: Secret.of(REFRESH_TOKEN) }));
    await failureOf(client.exchangeCode({ ...grant, code: 'def502' }));
    await failureOf(client.identifyAccount(session));
    const account = ['kommo:31361463', refusal];
    const host = ['kommo-host:example.kommo.com', refusal];
    expect(limiter.paused).toEqual([account, account, host, host]);
  });

  it.each([
    ['403 about the rights of a user', json({ title: 'Forbidden', status: 403 }, 403)],
    ['402', text('', 402)],
    ['503', text('', 503)],
  ])('S03: pauses nothing after %s', async (_name, response) => {
    vendor.respondWith(response);
    await failureOf(client.getAccount(session));
    expect(limiter.paused).toEqual([]);
  });

  it('shows the reason of a rejected request', async () => {
    vendor.respondWith(json(readJsonSample('kommo', 'error-400-validation.json'), 400));
    await expect(client.getAccount(session)).rejects.toThrow(/Request validation failed; custom_fields_values\.0\.field_id: /);
  });

  it('waits for a connection less long than for a response', async () => {
    const sockets: Socket[] = [];
    const mute = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const slow = clientAt(new URL(`https://127.0.0.1:${(mute.address() as AddressInfo).port}`), IMPATIENT);
    const error = await failureOf(slow.getAccount(session));
    sockets.forEach((socket) => socket.destroy());
    slow.close();
    await new Promise((resolve) => mute.close(resolve));
    expect(error).toMatchObject({ code: 'kommo_unavailable' });
    expect(inspect(error)).toContain('CONNECT_TIMEOUT');
  });

  it('rejects with the reason of its signal', async () => {
    const stop = new AbortController();
    const reason = new Error('shutting down');
    vendor.respondWith(() => stop.abort(reason));
    expect(await failureOf(client.getAccount({ ...session, signal: stop.signal }))).toBe(reason);
  });

  it.each(['evil.test', 'example.kommo.com.evil.test', '127.0.0.1', 'www.kommo.com'])('R23: sends nothing to %s', async (host) => {
    expect(await failureOf(client.getAccount({ ...session, host }))).toBeInstanceOf(BugError);
    expect(await failureOf(client.refresh({ ...grant, accountId: session.accountId, host, refreshToken: Secret.of('x') }))).toBeInstanceOf(
      BugError,
    );
    expect(vendor.requests).toHaveLength(0);
  });
});

describe('reading contacts', () => {
  it('reads a documented page, and that another follows', async () => {
    vendor.respondWith(json(readJsonSample('kommo', 'contacts-02-list-amocrm-doc-next-link.json')));
    const page = await client.listContacts(session, { page: 2, limit: 250, orderBy: 'id' });
    expect(page.contacts.length).toBeGreaterThan(0);
    expect(page.hasNext).toBe(true);
    expect(Object.fromEntries(vendor.requests[0]?.query ?? [])).toEqual({ page: '2', limit: '250', 'order[id]': 'asc' });
  });

  it('does not call the URL of a next link', async () => {
    vendor.respondWith(json(contactPage([contact(1)], 'https://evil.test/api/v4/contacts?page=2')));
    await expect(client.listContacts(session, { page: 1, limit: 50 })).resolves.toMatchObject({ hasNext: true });
    expect(vendor.requests).toHaveLength(1);
  });

  it('R01: reads 204 as an empty last page', async () => {
    vendor.respondWith(noContent);
    await expect(client.listContacts(session, { page: 9, limit: 250 })).resolves.toEqual({ contacts: [], hasNext: false });
  });

  it('rejects a page with a contact without an id', async () => {
    vendor.respondWith(json(contactPage([{ name: 'x' }])));
    await expect(client.listContacts(session, { page: 1, limit: 250 })).rejects.toMatchObject({ code: 'kommo_unavailable' });
  });

  it('finds many contacts in one call, without missing, deleted and unsorted ones', async () => {
    vendor.respondWith(json(contactPage([contact(1), contact(3, { is_deleted: true }), contact(4, { is_unsorted: true })])));
    const found = await client.findContactsByIds(session, [1, 2, 3, 4, 1]);
    expect([...found.keys()]).toEqual([1]);
    expect(vendor.requests).toHaveLength(1);
    expect(vendor.requests[0]?.query.getAll('filter[id][]')).toEqual(['1', '2', '3', '4']);
  });

  it('finds no contact in an empty response, and makes no call without ids', async () => {
    vendor.respondWith(noContent);
    await expect(client.findContactsByIds(session, [1, 2])).resolves.toEqual(new Map());
    await expect(client.findContactsByIds(session, [])).resolves.toEqual(new Map());
    expect(vendor.requests).toHaveLength(1);
  });

  it.each([
    ['contacts that were not asked for', json(contactPage([contact(1), contact(77)]))],
    ['more pages', json(contactPage([contact(1)], 'x'))],
    ['400', json(readJsonSample('kommo', 'error-400-empty.json'), 400)],
  ])('reads contacts one by one when the filter returns %s', async (_name, response) => {
    vendor.respondWith(
      response,
      json(contact(1)),
      noContent,
      json(contact(3, { is_deleted: true })),
      json({ title: 'Not Found', status: 404, detail: 'Contact not found' }, 404),
      json(contact(5)),
    );
    const found = await client.findContactsByIds(session, [1, 2, 3, 4, 5]);
    expect([...found.keys()]).toEqual([1, 5]);
    expect(limiter.acquired).toHaveLength(6);
  });

  it('does not report a contact as deleted after a failure', async () => {
    vendor.respondWith(json(readJsonSample('kommo', 'error-400-empty.json'), 400), json(contact(1)), text('', 500));
    await expect(client.findContactsByIds(session, [1, 2])).rejects.toMatchObject({ code: 'kommo_unavailable' });
    vendor.respondWith(json(readJsonSample('kommo', 'error-404.json'), 404));
    await expect(client.findContactsByIds(session, [1, 2])).rejects.toMatchObject({ code: 'kommo_rejected' });
  });

  it.each([
    ['an unknown route', json(readJsonSample('kommo', 'error-404.json'), 404)],
    ['a page', text('<html>', 404)],
  ])('R30: does not report a contact as deleted after %s of a host without an account', async (_name, response) => {
    vendor.respondWith(response);
    await expect(client.findContact(session, 1)).rejects.toMatchObject({ code: 'kommo_rejected' });
    await expect(client.deleteWebhook(session, 'https://sync.example.org')).rejects.toMatchObject({ code: 'kommo_rejected' });
  });

  it('requests 250 ids in a request line below 8 KB, and rejects more', async () => {
    const ids = Array.from({ length: 251 }, (_, index) => 1_000_000_000 + index);
    vendor.respondWith(noContent);
    await client.findContactsByIds(session, ids.slice(0, 250));
    expect(vendor.requests[0]?.query.getAll('filter[id][]')).toHaveLength(250);
    expect(vendor.requests[0]?.target.length).toBeLessThan(8_000);
    expect(await failureOf(client.findContactsByIds(session, ids))).toBeInstanceOf(BugError);
    expect(vendor.requests).toHaveLength(1);
  });
});

describe('writing to Kommo', () => {
  it('tags contacts in calls of 50 and keeps their other tags', async () => {
    vendor.respondWith(json(readJsonSample('kommo', 'contacts-07-patch-response-kommo-doc.json')));
    const ids = Array.from({ length: 120 }, (_, index) => index + 1);
    await client.tagContacts(session, { ids, tagName: 'Unisender: unsubscribed' });
    const bodies = vendor.requests.map(({ body }) => JSON.parse(body) as { id: number; tags_to_add: unknown }[]);
    expect(bodies.map((body) => body.length)).toEqual([50, 50, 20]);
    expect(bodies[0]?.[0]).toEqual({ id: 1, tags_to_add: [{ name: 'Unisender: unsubscribed' }] });
    expect(vendor.requests.every(({ method }) => method === 'PATCH')).toBe(true);
  });

  const destination = 'https://api.test.com/KommoWebHook';
  const hookList = (more: object) =>
    json({ _embedded: { webhooks: [{ id: 1, destination, disabled: false, settings: ['add_contact'], ...more }] } });
  const created = json({ id: 2, destination, disabled: false, settings: ['add_contact'] });

  it('does not change a correct webhook', async () => {
    vendor.respondWith(hookList({}));
    await expect(client.ensureWebhook(session, { destination, settings: ['add_contact'] })).resolves.toBe('active');
    expect(vendor.requests.map(({ method }) => method)).toEqual(['GET']);
    expect(vendor.requests[0]?.query.get('filter[destination]')).toBe(destination);
  });

  it.each([
    ['is disabled', { disabled: true }],
    ['has other events', { settings: ['add_contact', 'add_lead'] }],
  ])('R19: creates a webhook again that %s', async (_name, more) => {
    vendor.respondWith(hookList(more), noContent, created);
    await expect(client.ensureWebhook(session, { destination, settings: ['add_contact'] })).resolves.toBe('active');
    expect(vendor.requests.map(({ method }) => method)).toEqual(['GET', 'DELETE', 'POST']);
    expect(JSON.parse(vendor.requests[1]?.body ?? '')).toEqual({ destination });
  });

  it('R19: creates a missing webhook beside those of other services', async () => {
    vendor.respondWith(json(readJsonSample('kommo', 'webhooks-api-01-list.json')), created);
    await client.ensureWebhook(session, { destination: 'https://sync.example.org/webhook/t', settings: ['add_contact'] });
    expect(vendor.requests.map(({ method }) => method)).toEqual(['GET', 'POST']);
    expect(JSON.parse(vendor.requests[1]?.body ?? '')).toEqual({
      destination: 'https://sync.example.org/webhook/t',
      settings: ['add_contact'],
    });
  });

  it('lists webhooks, none for 204', async () => {
    vendor.respondWith(noContent, json(readJsonSample('kommo', 'webhooks-api-01-list.json')));
    await expect(client.listWebhooks(session)).resolves.toEqual([]);
    await expect(client.listWebhooks(session)).resolves.toMatchObject([
      { isDisabled: false, settings: ['add_task'] },
      { isDisabled: true, settings: ['update_lead'] },
    ]);
  });

  it('deletes a missing webhook without an error', async () => {
    vendor.respondWith(json({ status: 404 }, 404));
    await expect(client.deleteWebhook(session, destination)).resolves.toBeUndefined();
  });
});

describe('the token endpoint', () => {
  async function expectRefreshFailure(code: string): Promise<void> {
    const error = await failureOf(client.refresh({ ...grant, accountId: session.accountId, refreshToken: Secret.of(REFRESH_TOKEN) }));
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ code });
    const shown = inspect(error, { depth: 12, showHidden: true });
    for (const secret of [REFRESH_TOKEN, CLIENT_SECRET]) expect(shown).not.toContain(secret);
  }

  it('exchanges a code as documented', async () => {
    vendor.respondWith(json(readJsonSample('kommo', 'oauth-03-token-response.json')));
    const pair = await client.exchangeCode({ ...grant, code: 'def502' });
    expect(pair.expiresInSeconds).toBe(86_400);
    const [request] = vendor.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/oauth2/access_token' });
    expect(request?.headers.authorization).toBeUndefined();
    expect(JSON.parse(request?.body ?? '')).toEqual({
      client_id: grant.clientId,
      client_secret: CLIENT_SECRET,
      grant_type: 'authorization_code',
      code: 'def502',
      redirect_uri: grant.redirectUri,
    });
    expect(limiter.acquired).toEqual([['kommo', 'kommo-exchange', 'kommo-host:example.kommo.com']]);
  });

  it('refreshes, and reads the claims of the access token', async () => {
    const claims = readJsonSample<{ exp: number }>('kommo', 'token-03-access-token-claims.json');
    const accessToken = `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
    vendor.respondWith(json({ token_type: 'Bearer', expires_in: 86400, access_token: accessToken, refresh_token: 'def50200' }));
    const pair = await client.refresh({ ...grant, accountId: session.accountId, refreshToken: Secret.of(REFRESH_TOKEN) });
    const expiresAtMs = claims.exp * 1_000;
    expect(pair.claims).toEqual({ accountId: 34027583, apiDomain: 'api-c.kommo.com', baseDomain: 'kommo.com', expiresAtMs });
    expect([pair.accessToken.reveal(), pair.refreshToken.reveal()]).toEqual([accessToken, 'def50200']);
    expect(JSON.parse(vendor.requests[0]?.body ?? '')).toMatchObject({
      grant_type: 'refresh_token',
      refresh_token: REFRESH_TOKEN,
      redirect_uri: grant.redirectUri,
    });
  });

  it.each([undefined, null, 86_399.5, 'soon', -1])('R74: keeps the pair of a refresh with the lifetime %p', async (lifetime) => {
    vendor.respondWith(json({ access_token: 'a.b.c', refresh_token: 'next', expires_in: lifetime }));
    const pair = await client.refresh({ ...grant, accountId: session.accountId, refreshToken: Secret.of(REFRESH_TOKEN) });
    expect([pair.refreshToken.reveal(), pair.expiresInSeconds]).toEqual(['next', undefined]);
  });

  it.each(listSamples('kommo', /^oauth-1\d-error/))('reads %s as a final refusal of a code, with its hint', async (file) => {
    const problem = readJsonSample<{ status: number; hint: string }>('kommo', file);
    vendor.respondWith(json(problem, problem.status));
    const error = await failureOf(client.exchangeCode({ ...grant, code: 'def502' }));
    expect(error).toBeInstanceOf(KommoTokenRefusedError);
    expect(error).toMatchObject({ hint: problem.hint, code: 'kommo_token_refused' });
  });

  it('reads 400 as a refusal of a refresh, and 401 and 404 as a possible move', async () => {
    const refresh = () => failureOf(client.refresh({ ...grant, accountId: session.accountId, refreshToken: Secret.of(REFRESH_TOKEN) }));
    vendor.respondWith(json(readJsonSample('kommo', 'oauth-17-error-refresh-token-TEST-FIXTURE.json'), 400));
    expect(await refresh()).toBeInstanceOf(KommoTokenRefusedError);
    vendor.respondWith(text('', 401));
    expect(await refresh()).toBeInstanceOf(KommoHostMovedError);
    vendor.respondWith(text('<html>', 404));
    expect(await refresh()).toBeInstanceOf(KommoHostMovedError);
  });

  it.each([
    ['500', text('', 500), 'kommo_unavailable'],
    ['503', text('', 503), 'kommo_unavailable'],
    ['429', text('', 429), 'kommo_rate_limited'],
    ['403 html', text('<html>', 403), 'kommo_forbidden'],
    ['402', text('', 402), 'kommo_payment_required'],
    ['a reset', reset, 'kommo_unavailable'],
    ['half a response', halfBody('{"access_token":"a"}'), 'kommo_unavailable'],
    ['no refresh token', json({ access_token: 'a.b.c', expires_in: 1 }), 'kommo_unavailable'],
    ['an unusable token', json({ access_token: 'a\nb', refresh_token: 'x', expires_in: 1 }), 'kommo_unavailable'],
  ])('R27: throws a transient error without a secret after %s', async (_name, response, code) => {
    vendor.respondWith(response);
    await expectRefreshFailure(code);
  });

  it('R27: stops waiting, and throws a transient error without a secret, after silence', async () => {
    client.close();
    client = clientAt(vendor.origin, IMPATIENT);
    vendor.respondWith(silence);
    await expectRefreshFailure('kommo_unavailable');
  });

  it.each([301, 302, 307, 308])('R77: reports a redirect (%s) to the host of an account, and sends nothing there', async (status) => {
    vendor.respondWith(text('', status, { Location: 'https://renamed.kommo.com/api/v4/account' }));
    const refresh = () => client.refresh({ ...grant, accountId: session.accountId, refreshToken: Secret.of(REFRESH_TOKEN) });
    for (const call of [() => client.getAccount(session), () => client.deleteWebhook(session, 'https://sync.example.org'), refresh]) {
      expect(await failureOf(call())).toMatchObject({ code: 'kommo_redirected', kind: 'transient', host: 'renamed.kommo.com' });
    }
    expect(vendor.requests).toHaveLength(3);
  });

  it('R77: regards any other redirect as no response', async () => {
    const elsewhere = ['https://developers.kommo.com/', 'https://evil.test/', 'http://renamed.kommo.com/', '/login'];
    for (const Location of elsewhere) {
      vendor.respondWith(text('', 301, { Location }));
      expect(await failureOf(client.getAccount(session))).toMatchObject({ code: 'kommo_unavailable' });
    }
    vendor.respondWith(text('', 303, { Location: 'https://renamed.kommo.com/' }));
    expect(await failureOf(client.getAccount(session))).toMatchObject({ code: 'kommo_unavailable' });
    expect(vendor.requests).toHaveLength(elsewhere.length + 1);
  });

  it('S03: follows no redirect of an exchange, for which no account is known', async () => {
    vendor.respondWith(text('', 301, { Location: 'https://renamed.kommo.com/' }));
    expect(await failureOf(client.exchangeCode({ ...grant, code: 'def502' }))).toMatchObject({ code: 'kommo_unavailable' });
    expect(await failureOf(client.identifyAccount(session))).toMatchObject({ code: 'kommo_unavailable' });
    expect(vendor.requests).toHaveLength(2);
  });

  it('R30: finds the current host of a renamed account', async () => {
    vendor.respondWith(json({ id: 1, subdomain: 'renamed', domain: 'renamed.kommo.com', top_level_domain: 'kommo.com' }));
    await expect(
      client.findCurrentHost({ accountId: session.accountId, apiDomain: 'api-c.kommo.com', refreshToken: Secret.of(REFRESH_TOKEN) }),
    ).resolves.toBe('renamed.kommo.com');
    expect(vendor.requests[0]).toMatchObject({
      path: '/oauth2/account/current/subdomain',
      headers: expect.objectContaining({ host: 'api-c.kommo.com', 'x-refresh-token': REFRESH_TOKEN }),
    });
  });

  it('does not send the refresh token to a foreign host, nor return one', async () => {
    const refreshToken = Secret.of(REFRESH_TOKEN);
    await expect(
      client.findCurrentHost({ accountId: session.accountId, apiDomain: 'api.evil.test', refreshToken }),
    ).resolves.toBeUndefined();
    expect(vendor.requests).toHaveLength(0);
    vendor.respondWith(json({ domain: 'renamed.evil.test' }), text('', 401), text('', 500));
    await expect(
      client.findCurrentHost({ accountId: session.accountId, apiDomain: 'api-c.kommo.com', refreshToken }),
    ).resolves.toBeUndefined();
    await expect(
      client.findCurrentHost({ accountId: session.accountId, apiDomain: 'api-c.kommo.com', refreshToken }),
    ).resolves.toBeUndefined();
    await expect(
      client.findCurrentHost({ accountId: session.accountId, apiDomain: 'api-c.kommo.com', refreshToken }),
    ).rejects.toMatchObject({
      code: 'kommo_unavailable',
    });
  });
});
