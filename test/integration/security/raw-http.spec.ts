import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openTestDatabases } from '../../support/test-databases.js';
import { ApiScene, OPERATOR_TOKEN } from '../api/api-scene.js';

const ANSWERED_WITHIN_MS = 10_000;
const LIMIT = 3;

describe('what comes over a bare socket', () => {
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

  /** Everything that comes back until the server hangs up. */
  const say = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let received = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
      socket.setTimeout(ANSWERED_WITHIN_MS, () => socket.destroy(new Error(`no end: ${received}`)));
      socket.on('data', (chunk) => (received += chunk.toString('latin1')));
      socket.on('error', reject);
      socket.on('close', () => resolve(received));
    });

  const request = (line: string, headers: readonly string[] = [], body = '') =>
    say([line, 'Host: sync.example.org', 'Connection: close', ...headers, '', body].join('\r\n'));
  const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
  const operator = `Authorization: Bearer ${OPERATOR_TOKEN}`;

  afterEach(async () => {
    expect(statusOf(await request('GET /health/live HTTP/1.1'))).toBe(200);
  });

  it.each([
    ['two lengths', ['Content-Length: 5', 'Content-Length: 6']],
    ['a length and chunks', ['Content-Length: 5', 'Transfer-Encoding: chunked']],
    ['chunks inside something else', ['Transfer-Encoding: chunked, identity']],
    ['a length that is no number', ['Content-Length: 5x']],
    ['a header line that is folded', ['X-One: a', ' b: c']],
    ['a blank before the colon', ['Content-Length : 5']],
  ])('is refused with %s: nobody hides a second request behind it', async (_name, headers) => {
    const answer = await request(
      'POST /integration HTTP/1.1',
      [operator, 'Content-Type: application/json', ...headers],
      '{"a":1}GET /accounts HTTP/1.1\r\n\r\n',
    );
    expect(statusOf(answer)).toBe(400);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  it('is refused with more headers than anybody needs', async () => {
    expect(statusOf(await request('GET /accounts HTTP/1.1', [`X-Long: ${'x'.repeat(20_000)}`]))).toBe(431);
  });

  it.each(['TRACE', 'CONNECT', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'])('finds nothing by %s', async (method) => {
    const answer = await request(`${method} /accounts HTTP/1.1`, [operator]);
    if (method === 'CONNECT') expect(answer).toBe('');
    else expect([400, 404]).toContain(statusOf(answer));
  });

  it.each([
    '/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/console/..%2f..%2fetc%2fpasswd',
    '/accounts%00',
    '/webhook/%ff%fe',
    '/webhook/a%2fb%2f..%2f',
    '//evil.test/accounts',
    'http://evil.test/nothing',
  ])('finds nothing at %s', async (path) => {
    const answer = await request(`GET ${path} HTTP/1.1`, [operator]);
    expect([400, 404]).toContain(statusOf(answer));
    expect(answer).not.toMatch(/root:|^location:/im);
  });

  it('cannot name its own address to get around the limit', async () => {
    const statuses: number[] = [];
    for (let attempt = 0; attempt <= LIMIT; attempt += 1) {
      const headers = [`X-Forwarded-For: 203.0.113.${attempt}`, 'Authorization: Bearer guessed-token'];
      statuses.push(statusOf(await request('GET /accounts HTTP/1.1', headers)));
    }
    expect(statuses).toEqual([...new Array<number>(LIMIT).fill(401), 429]);
  });

  it('is not unpacked: a body of a few bytes is a few bytes', async () => {
    const headers = [operator, 'Content-Type: application/json', 'Content-Encoding: gzip', 'Content-Length: 4'];
    expect([400, 415]).toContain(statusOf(await request('POST /integration HTTP/1.1', headers, '\x1f\x8b\x08\x00')));
  });

  it('sends nobody elsewhere but to Kommo', async () => {
    await scene.saveIntegration();
    const target = encodeURIComponent('https://evil.test/');
    const answer = await request(`GET /auth?id=7&redirect_uri=${target}&next=${target}&referer=evil.test HTTP/1.1`);
    expect(statusOf(answer)).toBe(302);
    expect(/^location: (.*)$/im.exec(answer)?.[1]).toMatch(/^https:\/\/www\.kommo\.com\/oauth\?/);
    expect(answer).not.toContain('evil.test');
  });

  it('gets no header of its own choosing into an answer', async () => {
    const answer = await request('GET /auth?id=7%0d%0aX-Planted:%201&client_id=a%0d%0aX-Planted:%201 HTTP/1.1');
    expect(answer).not.toMatch(/^X-Planted/im);
  });

  it('has its time: a request that does not arrive is ended', () => {
    const server = scene.app.getHttpServer();
    expect(server.requestTimeout).toBeGreaterThan(0);
    expect(server.requestTimeout).toBeLessThanOrEqual(30_000);
    expect(server.headersTimeout).toBeLessThanOrEqual(60_000);
    expect(server.timeout).toBeGreaterThan(0);
  });

  it('needs a header that no foreign page can send: there is no cookie to ride on', async () => {
    const form = 'id=7&mode=import';
    const headers = [
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${form.length}`,
      'Origin: https://evil.test',
      'Cookie: session=1',
    ];
    const answer = await request('POST /sync/contacts HTTP/1.1', headers, form);
    expect(statusOf(answer)).toBe(401);
    expect(answer).not.toMatch(/^(set-cookie|access-control-allow)/im);
  });
});
