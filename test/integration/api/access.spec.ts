import { describe, expect, it } from '@jest/globals';
import { openTestDatabases } from '../../support/test-databases.js';
import { ApiScene, CLIENT_SECRET, OPERATOR_TOKEN, UNISENDER_KEY } from './api-scene.js';
import { listRoutes } from './routes.js';

const ACCOUNT_ID = 32_000_001;

/** Routes without a token, and the status that a request gets after all guards let it pass. */
const open: Readonly<Record<string, number>> = {
  'GET /sum': 400,
  'GET /auth': 423,
  'GET /authcallback': 423,
  'GET /docs': 200,
  'GET /docs/json': 200,
  'GET /docs/:file': 404,
  'GET /health/live': 200,
  'GET /health/ready': 200,
  'GET /console': 308,
  'GET /console*': 404,
  'GET /kommo/uninstall': 400,
  'GET /widget.zip': 200,
  'OPTIONS /widget': 204,
  'OPTIONS /widget/actions': 204,
  'OPTIONS /widget/failures': 204,
  'OPTIONS /widget/options': 204,
  'OPTIONS /widget/status': 204,
  'POST /webhook/:token': 404,
  'GET /unisender/webhook/:token': 404,
  'POST /unisender/webhook/:token': 404,
};

describe('access to routes', () => {
  const databases = openTestDatabases('sqlite');

  it('R40: is refused with 401 on every route that needs a token', async () => {
    const scene = await ApiScene.open({ database: await databases.open() });
    const routes = listRoutes(scene).filter(({ method }) => method !== 'HEAD');
    expect(routes.length).toBeGreaterThan(20);
    for (const { method, path } of routes) {
      const url = path.replaceAll(/:\w+/g, 'some-value-of-a-parameter');
      const { status, body } = await scene.send(method as 'GET', url);
      expect({ route: `${method} ${path}`, status }).toEqual({ route: `${method} ${path}`, status: open[`${method} ${path}`] ?? 401 });
      if (status === 401) expect(body).toMatchObject({ status: 'error', code: 401 });
    }
    expect(routes.map(({ method, path }) => `${method} ${path}`)).toEqual(expect.arrayContaining(Object.keys(open)));
  });

  it.each(['', 'Bearer', 'Bearer wrong', `Basic ${OPERATOR_TOKEN}`, `Bearer ${OPERATOR_TOKEN}x`, OPERATOR_TOKEN])(
    'R40: is refused with the authorization "%s"',
    async (authorization) => {
      const scene = await ApiScene.open({ database: await databases.open() });
      expect((await scene.send('GET', '/accounts', { headers: { authorization } })).status).toBe(401);
    },
  );

  it('R40: shows no secret in a response', async () => {
    const scene = await ApiScene.open({ database: await databases.open() });
    const token = await scene.addAccount(ACCOUNT_ID);
    const urls = [
      '/accounts',
      `/operations/accounts/${ACCOUNT_ID}`,
      `/widget/status?account_id=${ACCOUNT_ID}`,
      `/operations/events?account_id=${ACCOUNT_ID}`,
    ];
    const texts = await Promise.all(urls.map(async (url) => (await scene.sendAsOperator('GET', url)).text));
    expect(texts[0]).toContain(String(ACCOUNT_ID));
    for (const secret of [CLIENT_SECRET, UNISENDER_KEY, OPERATOR_TOKEN, token]) {
      for (const text of texts) expect(text).not.toContain(secret);
    }
  });

  it('is limited for a client that guesses tokens, but not for a known webhook', async () => {
    const scene = await ApiScene.open({ database: await databases.open(), config: { publicRateLimitPerMinute: 3 } });
    const token = await scene.addAccount(ACCOUNT_ID);
    const statuses: number[] = [];
    for (let i = 0; i < 5; i += 1) statuses.push((await scene.send('POST', '/webhook/never-given-to-anyone-0123456789')).status);
    expect(statuses).toEqual([404, 404, 404, 429, 429]);
    for (let i = 0; i < 3; i += 1) expect((await scene.send('GET', '/accounts')).status).toBe(401);
    const refused = await scene.send('GET', '/accounts');
    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': expect.stringMatching(/^\d+$/) } });
    expect((await scene.send('POST', `/webhook/${token}`)).status).toBe(200);
    expect((await scene.sendAsOperator('GET', '/accounts')).status).toBe(200);
  });

  it.each([
    [false, 429],
    [1, 404],
    [['127.0.0.1'], 404],
  ])('is limited by the client IP behind a proxy (TRUST_PROXY %j: the next client gets %i)', async (trustProxy, status) => {
    const scene = await ApiScene.open({ database: await databases.open(), config: { publicRateLimitPerMinute: 1, trustProxy } });
    const sendFrom = (address: string) =>
      scene.send('POST', '/webhook/never-given-to-anyone-0123456789', { headers: { 'x-forwarded-for': address } });
    expect((await sendFrom('192.0.2.1')).status).toBe(404);
    expect((await sendFrom('192.0.2.2')).status).toBe(status);
  });

  it('is allowed across origins for pages of Kommo on widget routes only', async () => {
    const scene = await ApiScene.open({ database: await databases.open() });
    const send = (url: string, origin: string) =>
      scene.send('OPTIONS', url, { headers: { origin, 'access-control-request-method': 'POST' } });
    expect(await send('/widget', 'https://company.kommo.com')).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': 'https://company.kommo.com',
        'access-control-allow-headers': expect.stringContaining('X-Auth-Token'),
      },
    });
    for (const origin of [
      'https://kommo.com.evil.test',
      'http://company.kommo.com',
      'https://evil.test',
      'https://a.b.kommo.com',
      'null',
    ]) {
      expect((await send('/widget/status', origin)).headers['access-control-allow-origin']).toBeUndefined();
    }
    const other = await scene.send('GET', '/sum?a=1&b=2', { headers: { origin: 'https://company.kommo.com' } });
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('is allowed across origins on every widget route, with a preflight, and on no other route', async () => {
    const scene = await ApiScene.open({ database: await databases.open() });
    const headers = { origin: 'https://company.kommo.com' };
    const isWidget = (path: string) => path === '/widget' || path.startsWith('/widget/');
    const routes = listRoutes(scene).filter(({ method }) => method !== 'HEAD');
    for (const { method, path } of routes) {
      const url = path.replaceAll(/:\w+/g, 'some-value-of-a-parameter');
      const allowed = (await scene.send(method as 'GET', url, { headers })).headers['access-control-allow-origin'];
      expect({ method, path, allowed }).toEqual({ method, path, allowed: isWidget(path) ? headers.origin : undefined });
      if (isWidget(path)) expect(routes).toContainEqual({ method: 'OPTIONS', path });
    }
  });

  it('returns security headers with every response', async () => {
    const scene = await ApiScene.open({ database: await databases.open() });
    for (const url of ['/sum?a=1&b=2', '/nowhere', '/accounts', '/%zz']) {
      expect((await scene.send('GET', url)).headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'content-security-policy': expect.stringContaining("default-src 'none'; frame-ancestors 'none'"),
        'x-frame-options': 'DENY',
      });
    }
  });
});
