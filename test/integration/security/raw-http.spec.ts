import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openTestDatabases } from '../../support/test-databases.js';
import { ApiScene, OPERATOR_TOKEN } from '../api/api-scene.js';

const RESPONSE_WITHIN_MS = 10_000;
const LIMIT = 3;

describe('a request over a raw socket', () => {
  const databases = openTestDatabases('sqlite');
  let scene: ApiScene;
  let port: number;

  beforeEach(async () => {
    const database = await databases.openAt(await databases.createMigrated());
    scene = await ApiScene.open({ database, config: { publicRateLimitPerMinute: LIMIT } });
    await scene.app.listen(0, '127.0.0.1');
    const address = scene.app.getHttpServer().address();
    port = address !== null && typeof address === 'object' ? address.port : 0;
  });

  /** Sends the text, and returns everything received until the server closes the connection. */
  const sendText = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let received = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
      socket.setTimeout(RESPONSE_WITHIN_MS, () => socket.destroy(new Error(`the response did not end: ${received}`)));
      socket.on('data', (chunk) => (received += chunk.toString('latin1')));
      socket.on('error', reject);
      socket.on('close', () => resolve(received));
    });

  const request = (line: string, headers: readonly string[] = [], body = '') =>
    sendText([line, 'Host: sync.example.org', 'Connection: close', ...headers, '', body].join('\r\n'));
  const statusOf = (response: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(response)?.[1]);
  const operator = `Authorization: Bearer ${OPERATOR_TOKEN}`;

  afterEach(async () => {
    expect(statusOf(await request('GET /health/live HTTP/1.1'))).toBe(200);
  });

  it.each([
    ['two lengths', ['Content-Length: 5', 'Content-Length: 6']],
    ['a length and chunks', ['Content-Length: 5', 'Transfer-Encoding: chunked']],
    ['chunks inside something else', ['Transfer-Encoding: chunked, identity']],
    ['a length that is not a number', ['Content-Length: 5x']],
    ['a header line that is folded', ['X-One: a', ' b: c']],
    ['a blank before the colon', ['Content-Length : 5']],
  ])('is refused with %s, and no second request hides behind it', async (_name, headers) => {
    const response = await request(
      'POST /integration HTTP/1.1',
      [operator, 'Content-Type: application/json', ...headers],
      '{"a":1}GET /accounts HTTP/1.1\r\n\r\n',
    );
    expect(statusOf(response)).toBe(400);
    expect(response.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  it('is refused with too large headers', async () => {
    expect(statusOf(await request('GET /accounts HTTP/1.1', [`X-Long: ${'x'.repeat(20_000)}`]))).toBe(431);
  });

  it.each(['TRACE', 'CONNECT', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'])('gets nothing with the method %s', async (method) => {
    const response = await request(`${method} /accounts HTTP/1.1`, [operator]);
    if (method === 'CONNECT') expect(response).toBe('');
    else expect([400, 405]).toContain(statusOf(response));
  });

  it.each([
    '/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/console/..%2f..%2fetc%2fpasswd',
    '/accounts%00',
    '/webhook/%ff%fe',
    '//evil.test/accounts',
    'http://evil.test/nothing',
  ])('gets nothing from the path %s', async (path) => {
    const response = await request(`GET ${path} HTTP/1.1`, [operator]);
    expect([400, 404]).toContain(statusOf(response));
    expect(response).not.toMatch(/root:|^location:/im);
  });

  it('takes slashes that are encoded for a part of a token', async () => {
    expect(statusOf(await request('GET /webhook/a%2fb%2f..%2f HTTP/1.1', [operator]))).toBe(405);
    expect(statusOf(await request('POST /webhook/a%2fb%2f..%2f HTTP/1.1', [operator, 'Content-Length: 0']))).toBe(404);
  });

  it('cannot choose its client IP to avoid the rate limit', async () => {
    const statuses: number[] = [];
    for (let attempt = 0; attempt <= LIMIT; attempt += 1) {
      const headers = [`X-Forwarded-For: 203.0.113.${attempt}`, 'Authorization: Bearer guessed-token'];
      statuses.push(statusOf(await request('GET /accounts HTTP/1.1', headers)));
    }
    expect(statuses).toEqual([...new Array<number>(LIMIT).fill(401), 429]);
  });

  it('is refused with a compressed body', async () => {
    const headers = [operator, 'Content-Type: application/json', 'Content-Encoding: gzip', 'Content-Length: 4'];
    expect([400, 415]).toContain(statusOf(await request('POST /integration HTTP/1.1', headers, '\x1f\x8b\x08\x00')));
  });

  it('is redirected to Kommo only', async () => {
    await scene.saveIntegration();
    const target = encodeURIComponent('https://evil.test/');
    const response = await request(`GET /auth?id=7&redirect_uri=${target}&next=${target}&referer=evil.test HTTP/1.1`);
    expect(statusOf(response)).toBe(302);
    expect(/^location: (.*)$/im.exec(response)?.[1]).toMatch(/^https:\/\/www\.kommo\.com\/oauth\?/);
    expect(response).not.toContain('evil.test');
  });

  it('cannot add a header to the response', async () => {
    const response = await request('GET /auth?id=7%0d%0aX-Planted:%201&client_id=a%0d%0aX-Planted:%201 HTTP/1.1');
    expect(response).not.toMatch(/^X-Planted/im);
  });

  it('is ended when it does not arrive in time', () => {
    const server = scene.app.getHttpServer();
    expect(server.requestTimeout).toBeGreaterThan(0);
    expect(server.requestTimeout).toBeLessThanOrEqual(30_000);
    expect(server.headersTimeout).toBeLessThanOrEqual(60_000);
    expect(server.timeout).toBeGreaterThan(0);
  });

  it('is not authorised by a cookie', async () => {
    const form = 'id=7&mode=import';
    const headers = [
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${form.length}`,
      'Origin: https://evil.test',
      'Cookie: session=1',
    ];
    const response = await request('POST /sync/contacts HTTP/1.1', headers, form);
    expect(statusOf(response)).toBe(401);
    expect(response).not.toMatch(/^(set-cookie|access-control-allow)/im);
  });
});
