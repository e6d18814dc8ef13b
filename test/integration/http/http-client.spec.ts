import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { silentLogger, TransientError } from '#domain';
import { HttpClient, type HttpRequest } from '#http';
import { failureOf, halfBody, reset, silence, stall, startStubVendor, type StubVendor, text } from '../vendors/stub-vendor.js';

const SECRET = 'planted-secret';

let vendor: StubVendor;
let client: HttpClient;

beforeEach(async () => {
  vendor = await startStubVendor();
  client = HttpClient.create(
    { name: 'Stub', unavailableCode: 'cronitor_unavailable', trustedUrl: vendor.origin.origin },
    { logger: silentLogger, clock: systemClock },
  );
});

afterEach(async () => {
  client.close();
  await vendor.close();
});

const request = (more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'POST',
  url: `${vendor.origin.origin}/path?key=${SECRET}`,
  label: 'POST /path',
  headers: { Authorization: SECRET, 'Content-Type': 'text/plain' },
  body: SECRET,
  totalTimeoutMs: 250,
  maxResponseBytes: 100,
  ...more,
});

const patient = { totalTimeoutMs: 60_000 };
const unavailable = { code: 'cronitor_unavailable', message: 'Stub did not respond to POST /path' };
const tooLarge = { code: 'cronitor_unavailable', message: 'The response to POST /path has more than 100 bytes' };

/** Resolves when the stub has received the request. */
async function whenReceived(): Promise<void> {
  while (vendor.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
}

describe('a call', () => {
  it('sends the body unchanged and returns a response of any status', async () => {
    vendor.respondWith(text('no', 503, { 'Retry-After': '7', Date: 'Wed, 21 Oct 2015 07:28:00 GMT' }));
    const body = '{ "spaces" : "stay" }';
    const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
    await expect(client.send(request({ headers, body }))).resolves.toEqual({
      status: 503,
      text: 'no',
      retryAfterHeader: '7',
      location: undefined,
      serverTimeMs: Date.UTC(2015, 9, 21, 7, 28),
    });
    expect(vendor.requests[0]).toMatchObject({ method: 'POST', target: `/path?key=${SECRET}`, body });
    expect(vendor.requests[0]?.headers).toMatchObject({ accept: 'application/json', 'user-agent': 'kommo-unisender-sync/1.0' });
  });

  it('does not follow a redirect', async () => {
    vendor.respondWith(text('', 302, { Location: '/elsewhere' }));
    await expect(client.send(request())).resolves.toMatchObject({ status: 302 });
    const { status, location, body } = await client.open(request());
    body.destroy();
    expect({ status, location }).toEqual({ status: 302, location: '/elsewhere' });
    expect(vendor.requests.map(({ path }) => path)).toEqual(['/path', '/path']);
  });

  it.each([
    ['a longer response than allowed', text('x'.repeat(101)), tooLarge],
    ['half a body', halfBody('half'), unavailable],
    ['a reset', reset, unavailable],
    ['silence', silence, unavailable],
    ['a body that stalls', stall('{'), unavailable],
  ])('throws a transient error without any data of the request after %s', async (_name, response, expected) => {
    vendor.respondWith(response);
    const error = await failureOf(client.send(request()));
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject(expected);
    expect(inspect(error, { depth: 12, showHidden: true })).not.toContain(SECRET);
    expect(vendor.requests).toHaveLength(1);
  });

  it('downloads more than the limit of a response', async () => {
    vendor.respondWith(text('x'.repeat(1_000)));
    const { body } = await client.open(request());
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks)).toHaveLength(1_000);
  });

  it('rejects with the reason of its signal when aborted, before and after it was sent', async () => {
    vendor.respondWith(silence);
    const stop = new AbortController();
    const reason = new Error('shutting down');
    const failure = failureOf(client.send(request({ ...patient, signal: stop.signal })));
    await whenReceived();
    stop.abort(reason);
    await expect(failure).resolves.toBe(reason);
    await expect(failureOf(client.send(request({ signal: stop.signal })))).resolves.toBe(reason);
    expect(vendor.requests).toHaveLength(1);
  });

  it.each([
    ['a kept connection', false],
    ['a new connection', true],
  ])('fails when the client is closed, over %s', async (_name, isOnce) => {
    vendor.respondWith(silence);
    const failure = failureOf(client.send(request({ ...patient, isOnce })));
    await whenReceived();
    client.close();
    await expect(failure).resolves.toMatchObject(unavailable);
    await expect(failureOf(client.send(request()))).resolves.toMatchObject(unavailable);
    expect(vendor.requests).toHaveLength(1);
  });

  it('keeps its connection for the next call, except with isOnce', async () => {
    vendor.respondWith(text('ok'));
    for (const isOnce of [false, true]) await client.send(request({ isOnce }));
    expect(vendor.requests.map(({ headers }) => headers.connection)).toEqual(['keep-alive', 'close']);
  });
});
