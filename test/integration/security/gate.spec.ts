import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RawClient } from '../../support/raw-client.js';
import { openTestDatabases } from '../../support/test-databases.js';
import { ApiScene, OPERATOR } from '../api/api-scene.js';
import { signDisposableToken } from '../api/disposable-token.js';
import { listRoutes } from '../api/routes.js';

const ACCOUNT_ID = 501;
const OTHER_ID = 502;
const KIB = 1_024;
const MIB = 1_024 * KIB;
const FORM = 'Content-Type: application/x-www-form-urlencoded';
const operator = `Authorization: ${OPERATOR.authorization}`;

describe('S02: before a body is read', () => {
  const databases = openTestDatabases('sqlite');
  let scene: ApiScene;
  let port: number;
  let token: string;
  let unisenderToken: string;
  const clients: RawClient[] = [];

  beforeEach(async () => {
    scene = await ApiScene.open({ database: await databases.open() });
    await scene.addAccount(OTHER_ID);
    token = await scene.addAccount(ACCOUNT_ID);
    unisenderToken = await scene.webhookToken(ACCOUNT_ID, 'unisender');
    await scene.app.listen(0, '127.0.0.1');
    const address = scene.app.getHttpServer().address();
    port = address !== null && typeof address === 'object' ? address.port : 0;
  });

  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  const connect = async () => {
    const client = await RawClient.connect(port);
    clients.push(client);
    return client;
  };

  /** Sends the headers of a request, and as much of its body as given. */
  const send = async (line: string, headers: readonly string[], body: string | Buffer = '') => {
    const client = await connect();
    client.send([`${line} HTTP/1.1`, 'Host: sync.example.org', ...headers, '', ''].join('\r\n'));
    return client.send(body);
  };

  const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`;

  it('an anonymous client is refused on every route', async () => {
    const statuses = { 'POST /webhook/:token': 404, 'POST /unisender/webhook/:token': 404 } as Readonly<Record<string, number>>;
    const routes = listRoutes(scene).filter(({ method }) => !['GET', 'HEAD', 'OPTIONS'].includes(method));
    expect(routes.length).toBeGreaterThan(8);
    for (const { method, path } of [...routes, { method: 'POST', path: '/nowhere' }, { method: 'OPTIONS', path: '/widget' }]) {
      const url = path.replaceAll(/:\w+/g, 'a-token-that-was-never-given-to-anyone');
      const client = await send(`${method} ${url}`, [FORM, 'Content-Length: 60000']);
      const expected = statuses[`${method} ${path}`] ?? (method === 'OPTIONS' ? 413 : path === '/nowhere' ? 404 : 401);
      expect({ method, path, status: await client.status() }).toEqual({ method, path, status: expected });
    }
  });

  it('a widget user without a valid token is refused', async () => {
    const expired = signDisposableToken(ACCOUNT_ID, { exp: 1_000 });
    for (const headers of [[], [`X-Auth-Token: ${expired}`], ['X-Auth-Token: a.b.c']]) {
      const client = await send('POST /widget', [FORM, 'Content-Length: 60000', ...headers]);
      expect(await client.status()).toBe(401);
    }
  });

  it.each([
    ['POST /integration', [operator], 64 * KIB],
    ['POST /widget', [operator], 64 * KIB],
    ['POST /operations/erase', [operator], 64 * KIB],
    ['POST /unisender/contacts', [operator], 4 * MIB],
    ['POST /webhook/TOKEN', [], 4 * MIB],
    ['POST /unisender/webhook/UNISENDER_TOKEN', [], 4 * MIB],
  ])('%s has its limit, for a declared length and for chunks', async (line, headers, limit) => {
    const url = line.replace('UNISENDER_TOKEN', unisenderToken).replace('TOKEN', token);
    const declared = await send(url, [FORM, ...headers, `Content-Length: ${limit + 1}`]);
    expect(await declared.status()).toBe(413);
    const inChunks = await send(url, [FORM, ...headers, 'Transfer-Encoding: chunked'], chunk(limit) + chunk(1));
    expect(await inChunks.status()).toBe(413);
    const fitting = await send(url, [FORM, ...headers, `Content-Length: ${limit}`], 'x'.repeat(limit));
    expect([200, 400, 401, 423]).toContain(await fitting.status());
  });

  it('a widget user cannot send more than 64 KB', async () => {
    const client = await send('POST /widget', [
      FORM,
      `X-Auth-Token: ${signDisposableToken(ACCOUNT_ID)}`,
      `Content-Length: ${64 * KIB + 1}`,
    ]);
    expect(await client.status()).toBe(413);
  });

  it('a client that asks first gets 401 or 413, not 100', async () => {
    const ask = (headers: readonly string[], length: number) =>
      send('POST /integration', [FORM, 'Expect: 100-continue', `Content-Length: ${length}`, ...headers]);
    const statuses = [await ask([], 10), await ask([operator], 64 * KIB + 1), await ask([operator], 10)].map((client) => client.status());
    expect(await Promise.all(statuses)).toEqual([401, 413, 100]);
  });

  it('a refused client can send its body to the end, and reads the response', async () => {
    const client = await send('POST /integration', [FORM, `Content-Length: ${2 * MIB}`]);
    expect(await client.status()).toBe(401);
    client.send('x'.repeat(2 * MIB)).send('GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await client.end();
    expect(client.statuses).toEqual([401, 200]);
  });

  it('a refused client that never stops is disconnected', async () => {
    const client = await send('POST /integration', [FORM, 'Transfer-Encoding: chunked']);
    expect(await client.status()).toBe(401);
    for (let sent = 0; sent < 20; sent += 1) client.send(chunk(MIB));
    await client.end();
  });

  it('a compressed body is never unpacked', async () => {
    const gzip = Buffer.from([0x1f, 0x8b, 0x08, 0x00]);
    const headers = [FORM, 'Content-Encoding: gzip', 'Content-Length: 4'];
    expect(await (await send('POST /integration', [operator, ...headers], gzip)).status()).toBe(415);
    expect(await (await send(`POST /webhook/${token}`, headers, gzip)).status()).toBe(200);
    expect(await scene.events(ACCOUNT_ID)).toMatchObject([{ state: 'unreadable' }]);
  });

  it('unfinished bodies take a bounded share of the memory, and leave room for other accounts', async () => {
    const heldBefore = process.memoryUsage().arrayBuffers;
    const part = Buffer.alloc(MIB, 'x');
    const attackers = await Promise.all(
      Array.from({ length: 60 }, () => send(`POST /webhook/${token}`, [FORM, `Content-Length: ${4 * MIB}`], part)),
    );
    const refused = () => attackers.filter(({ statuses }) => statuses[0] === 503).length;
    while (refused() < 44) await new Promise((resolve) => setImmediate(resolve));
    const other = await scene.addAccount(OTHER_ID);
    const hook = await send(`POST /webhook/${other}`, [FORM, 'Content-Length: 3'], 'a=1');
    expect(await hook.status()).toBe(200);
    expect(refused()).toBe(44);
    expect(process.memoryUsage().arrayBuffers - heldBefore).toBeLessThan(100 * MIB);
    for (const attacker of attackers) attacker.close();
    const later = async () => (await send(`POST /webhook/${token}`, [FORM, `Content-Length: ${MIB}`], part)).status();
    while ((await later()) !== 200) await new Promise((resolve) => setImmediate(resolve));
  });

  it('20,000 requests on one connection get a few responses, and others are served meanwhile', async () => {
    const attacker = await connect();
    attacker.send('GET /sum?a=1&b=2 HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20_000));
    const other = await send('GET /health/live', ['Connection: close']);
    expect(await other.status()).toBe(200);
    await attacker.end();
    expect(attacker.statuses.length).toBeLessThan(100);
  });

  it('the readiness is computed once a second', async () => {
    let asked = 0;
    const counting = await ApiScene.open({
      database: await databases.open(),
      queue: { isReady: () => Promise.resolve((asked += 1) > 0) },
    });
    await Promise.all(Array.from({ length: 50 }, () => counting.send('GET', '/health/ready')));
    expect(asked).toBeLessThan(5);
  });
});
