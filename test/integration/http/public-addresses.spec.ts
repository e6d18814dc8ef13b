import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { Secret, silentLogger } from '#domain';
import { HttpClient } from '#http';
import { KommoClient } from '#kommo';
import { UnisenderClient } from '#unisender';
import { failureOf, recordingLimiter, startStubVendor, type StubVendor, text } from '../vendors/stub-vendor.js';

const NAME = 'vendor.example.org';
const ports = { clock: systemClock, logger: silentLogger };

let vendor: StubVendor;
let client: HttpClient;

/** Resolves any name to these addresses, one list per resolution; the last list is repeated. */
function resolverOf(...lists: readonly string[][]) {
  const asked: string[] = [];
  const resolve: LookupFunction = (hostname, options, callback) => {
    const addresses = lists[Math.min(asked.push(hostname), lists.length) - 1] ?? [];
    const found: LookupAddress[] = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    if (options.all) callback(null, found);
    else callback(null, found[0]?.address ?? '', found[0]?.family);
  };
  return { resolve, asked };
}

function createClient(resolve: LookupFunction, trustedUrl?: string): void {
  client = HttpClient.create(
    { name: 'Stub', unavailableCode: 'cronitor_unavailable', connectTimeoutMs: 300, trustedUrl },
    { ...ports, resolve },
  );
}

const get = (url: string) => client.send({ method: 'GET', url, label: 'GET /', totalTimeoutMs: 5_000, maxResponseBytes: 1_000 });

const urlOf = (host: string) => `http://${host}:${vendor.origin.port}/`;

beforeEach(async () => {
  vendor = await startStubVendor();
  vendor.respondWith(text('reached'));
});

afterEach(async () => {
  client.close();
  await vendor.close();
});

describe('S21: an outgoing call', () => {
  it.each(['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0', '2130706433', '0x7f.1', '0177.0.0.1'])(
    'does not connect to the address %s',
    async (host) => {
      createClient(resolverOf(['127.0.0.1']).resolve);
      expect(inspect(await failureOf(get(urlOf(host))))).toContain('ADDRESS_NOT_PUBLIC');
      expect(vendor.requests).toEqual([]);
    },
  );

  it.each([[['127.0.0.1']], [['10.0.0.1', '169.254.169.254']], [['::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1']], [[]]])(
    'does not connect to a name that resolves to %j',
    async (addresses) => {
      createClient(resolverOf(addresses).resolve);
      const failure = await failureOf(get(urlOf(NAME)));
      expect(failure).toMatchObject({ code: 'cronitor_unavailable' });
      expect(inspect(failure)).toContain('ADDRESS_NOT_PUBLIC');
      expect(vendor.requests).toEqual([]);
    },
  );

  it.each(['localhost', 'localhost.', 'db.internal'])('does not connect to the name %s of this network', async (name) => {
    createClient(resolverOf(['127.0.0.1', '::1']).resolve);
    await failureOf(get(urlOf(name)));
    expect(vendor.requests).toEqual([]);
  });

  it('connects to any address of the trusted origin, and to no other port of it', async () => {
    createClient(resolverOf(['127.0.0.1']).resolve, urlOf(NAME));
    await expect(get(`${urlOf(NAME)}path`)).resolves.toMatchObject({ text: 'reached' });
    expect(inspect(await failureOf(get(`http://${NAME}:1/`)))).toContain('ADDRESS_NOT_PUBLIC');
  });

  it('checks the download of an export like any call', async () => {
    createClient(resolverOf(['127.0.0.1']).resolve);
    const download = client.open({ method: 'GET', url: urlOf(NAME), label: 'download', totalTimeoutMs: 5_000 });
    expect(inspect(await failureOf(download))).toContain('ADDRESS_NOT_PUBLIC');
  });
});

describe('S21: the clients of the vendors', () => {
  it('reach a private address only by the configured origins', async () => {
    const limiter = recordingLimiter();
    createClient(resolverOf([]).resolve);
    const session = { host: 'localhost.kommo.test', accessToken: Secret.of('token'), accountId: 1 };
    const { resolve } = resolverOf(['127.0.0.1']);
    const kommo = KommoClient.create({ allowedDomains: ['kommo.test'], reservedLabels: [] }, { ...ports, limiter, resolve });
    const failure = await failureOf(kommo.getAccount(session));
    kommo.close();
    expect(failure).toMatchObject({ code: 'kommo_unavailable' });
    expect(inspect(failure)).toContain('ADDRESS_NOT_PUBLIC');
    const unisender = UnisenderClient.create({ baseUrl: `${vendor.origin.origin}/ru/api` }, { ...ports, limiter, resolve });
    vendor.respondWith(text('{"result":[]}'));
    await expect(unisender.getLists(Secret.of('key'))).resolves.toEqual([]);
    const { port } = vendor.origin;
    const rows = unisender.readExport(`https://files.example.org:${port}/export.csv`)[Symbol.asyncIterator]();
    await expect(rows.next()).rejects.toMatchObject({ code: 'unisender_unavailable' });
    unisender.close();
    expect(vendor.requests).toHaveLength(1);
  });
});
