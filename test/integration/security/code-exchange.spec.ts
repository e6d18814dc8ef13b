import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { AccountStore, DatabaseRequestLimiter, PauseStore, RateSlotStore } from '#database';
import { Secret } from '#domain';
import { KommoClient } from '#kommo';
import { RecordingLogger } from '../../support/sync-harness.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';
import { ApiScene, CLIENT_ID, CLIENT_SECRET } from '../api/api-scene.js';
import { json, silence, startStubVendor, type StubResponse, type StubVendor, text } from '../vendors/stub-vendor.js';

const ACCOUNT_ID = 501;
const KNOWN_HOST = 'company501.kommo.com';
const DAY_SECONDS = 86_400;
/** Those that run at a time, and those that wait. */
const QUEUE_SIZE = 4 + 50;

describe.each(testDatabaseKinds())('an exchange of a code that anybody can cause, on %s', (kind) => {
  const databases = openTestDatabases(kind);
  let vendor: StubVendor;
  let scene: ApiScene;

  beforeEach(async () => {
    vendor = await startStubVendor();
    const database = await databases.open();
    const stores = { slots: new RateSlotStore(database), pauses: new PauseStore(database) };
    const limiter = new DatabaseRequestLimiter(stores, systemClock, () => undefined, { logger: new RecordingLogger() });
    scene = await ApiScene.open({ database, sandboxUrl: vendor.origin.origin, limiter });
    await scene.addAccount(ACCOUNT_ID);
    await scene.harness.get(AccountStore).update(ACCOUNT_ID, { host: KNOWN_HOST, subdomain: 'company501' });
  });

  /** Ends the calls that are still open, so that the API can stop. */
  afterEach(() => vendor.close());

  const exchange = (referer: string, path = '/authcallback') =>
    scene.send('GET', `${path}?from_widget=1&code=def502&client_id=${CLIENT_ID}&referer=${encodeURIComponent(referer)}`);

  const callForAccount = () =>
    scene.harness.get(KommoClient).getAccount({ host: KNOWN_HOST, accessToken: Secret.of('token'), accountId: ACCOUNT_ID });

  const answerOnlyTokens =
    (refusal: StubResponse): StubResponse =>
    (request, response, socket) =>
      (request.path === '/oauth2/access_token' ? refusal : json({ id: ACCOUNT_ID, name: 'Company', subdomain: 'company501' }))(
        request,
        response,
        socket,
      );

  it.each(['developers.kommo.com', 'SUPPORT.kommo.com', 'https://developers.amocrm.ru', 'a.b.kommo.com', `${'a'.repeat(64)}.kommo.com`])(
    'S03: does not send the client secret to %s',
    async (referer) => {
      const refused = await exchange(referer);
      expect(refused).toMatchObject({ status: 400, body: { data: { error: 'invalid_input', fields: [{ field: 'referer' }] } } });
      expect(vendor.requests).toEqual([]);
    },
  );

  it('S03: sends the client secret to a reserved host that a known account has', async () => {
    await scene.harness.get(AccountStore).update(ACCOUNT_ID, { host: 'support.kommo.com' });
    vendor.respondWith(text('', 500));
    await exchange('support.kommo.com');
    expect(vendor.requests).toMatchObject([{ path: '/oauth2/access_token', body: expect.stringContaining(CLIENT_SECRET) }]);
  });

  it.each([
    ['429 for a day', text('', 429, { 'Retry-After': String(DAY_SECONDS) })],
    ['the page for a blocked IP', text('<html>', 403, { 'Content-Type': 'text/html' })],
    ['403', json({ title: 'Forbidden', status: 403 }, 403)],
  ])('S03: pauses its host only, for 15 minutes at most, after %s', async (_name, refusal) => {
    vendor.respondWith(answerOnlyTokens(refusal));
    for (const host of ['invented.kommo.com', 'another.kommo.com', KNOWN_HOST]) expect((await exchange(host)).status).toBe(503);
    await expect(callForAccount()).resolves.toMatchObject({ accountId: ACCOUNT_ID });
    const pauses = await scene.harness.get(PauseStore).listActive(10);
    expect(pauses.filter((pause) => pause.kind !== 'host')).toEqual([]);
    const nowMs = await scene.harness.get(PauseStore).nowMs();
    for (const { until } of pauses) expect(until - nowMs).toBeLessThanOrEqual(15 * 60_000);
  });

  it.each(['/auth', '/authcallback'])('S04: is answered within 3 s on %s while the token endpoint is silent', async (path) => {
    vendor.respondWith(silence);
    const startedMs = performance.now();
    const response = await exchange('company7.kommo.com', path);
    expect(performance.now() - startedMs).toBeLessThan(15_000);
    expect(response).toMatchObject({ status: 202, body: { status: 'success', data: null } });
  });

  it('S04: is refused above 50 that wait, gives way to a known host, and takes nothing from the accounts', async () => {
    vendor.respondWith(answerOnlyTokens(silence));
    const waiting = Array.from({ length: QUEUE_SIZE }, (_, index) => exchange(`invented${index}.kommo.com`));
    while (vendor.requests.length < 4) await new Promise((resolve) => setImmediate(resolve));
    // Both at once: the calls that wait end after a while.
    const [refused, known] = [exchange('one-more.kommo.com'), exchange(KNOWN_HOST)];
    expect(await refused).toMatchObject({ status: 429, headers: { 'retry-after': '50' }, body: { data: { error: 'rate_limited' } } });
    await expect(callForAccount()).resolves.toMatchObject({ accountId: ACCOUNT_ID });
    const statuses = (await Promise.all(waiting)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(QUEUE_SIZE - 1);
    expect(statuses.filter((status) => status === 429)).toHaveLength(1);
    expect((await known).status).toBe(202);
    expect(vendor.requests.filter(({ path }) => path === '/oauth2/access_token')).toHaveLength(4);
  });
});
