import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { GapStore, IntegrationStore } from '#database';
import { openTestDatabases } from '../../support/test-databases.js';
import { ApiScene, OPERATOR } from './api-scene.js';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const JSON_TYPE = { 'content-type': 'application/json' };
const WITHIN_CPU_MS = 2_000;

/** Bytes that are still in use after a garbage collection. Resident memory also counts pages that the collector keeps for later. */
function bytesInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Milliseconds of processor time that this process used since `start`. Other processes of a busy machine do not count. */
function cpuMsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

const keys = (count: number) => Array.from({ length: count }, (_, index) => `k${index}=1`).join('&');

describe('R47: a hostile body', () => {
  const databases = openTestDatabases('sqlite');

  it.each([
    ['100,000 keys', FORM, () => keys(100_000)],
    ['100,000 JSON keys', JSON_TYPE, () => JSON.stringify(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, 1])))],
  ])('is refused quickly where large bodies are allowed: %s', async (_name, headers, body) => {
    const scene = await ApiScene.open({ database: await databases.open() });
    const started = process.cpuUsage();
    const response = await scene.sendAsOperator('POST', '/unisender/contacts', { body: body(), headers });
    expect(response).toMatchObject({ status: 400, body: { status: 'error', code: 400 } });
    expect(cpuMsSince(started)).toBeLessThan(WITHIN_CPU_MS);
    expect((await scene.send('GET', '/sum?a=1&b=2')).status).toBe(200);
  });

  it.each([
    ['10 MB of form', FORM, () => `a=${'x'.repeat(10 * 1024 * 1024)}`, 413],
    ['10 MB of JSON', JSON_TYPE, () => `{"a":"${'x'.repeat(10 * 1024 * 1024)}"}`, 413],
    ['30,000 keys', FORM, () => 'a&'.repeat(30_000), 400],
    ['50 levels', FORM, () => `a${'[b]'.repeat(50)}=1`, 400],
    ['50 levels of JSON', JSON_TYPE, () => '{"a":'.repeat(50) + '1' + '}'.repeat(50), 400],
    ['a broken %', FORM, () => 'client_id=%', 400],
    ['a lone surrogate', JSON_TYPE, () => '{"client_id":"\\ud800"}', 400],
    ['a lone surrogate in a form', FORM, () => 'client_id=%ED%A0%80', 400],
    ['__proto__', FORM, () => '__proto__[client_id]=x&__proto__[polluted]=1', 400],
    ['constructor', FORM, () => 'constructor[prototype][client_id]=x', 400],
    ['__proto__ in JSON', JSON_TYPE, () => '{"__proto__":{"client_id":"x","client_secret":"y","redirect_uri":"https://a.example"}}', 400],
  ])('is refused quickly, and the service keeps running: %s', async (_name, headers, body, status) => {
    const scene = await ApiScene.open({ database: await databases.open() });
    const started = process.cpuUsage();
    const response = await scene.sendAsOperator('POST', '/integration', { body: body(), headers });
    expect(response).toMatchObject({ status, body: { status: 'error', code: status } });
    expect(cpuMsSince(started)).toBeLessThan(WITHIN_CPU_MS);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect((await scene.send('GET', '/sum?a=1&b=2')).status).toBe(200);
    expect(await scene.harness.get(IntegrationStore).count()).toBe(0);
  });

  it.each([
    ['100,000 keys', keys(100_000)],
    ['50 levels', `a${'[b]'.repeat(50)}=1`],
    ['a broken %', 'contacts[add][0][id]=%'],
    ['no UTF-8', Buffer.from([0x61, 0x3d, 0xff, 0xfe])],
  ])('is stored with its reason and gets 200 when a webhook has the right token: %s', async (_name, body) => {
    const scene = await ApiScene.open({ database: await databases.open() });
    const token = await scene.addAccount(7);
    expect(await scene.send('POST', `/webhook/${token}`, { body, headers: FORM })).toMatchObject({
      status: 200,
      body: { data: { unreadable: 1 } },
    });
    expect(await scene.events(7)).toMatchObject([
      { state: 'unreadable', source: 'kommo', reason: expect.stringContaining('cannot be read') },
    ]);
  });

  it('R76: is refused before it is read when a webhook has 10 MB, and opens a gap', async () => {
    const scene = await ApiScene.open({ database: await databases.open() });
    const token = await scene.addAccount(7);
    expect((await scene.send('POST', `/webhook/${token}`, { body: 'x'.repeat(10 * 1024 * 1024), headers: FORM })).status).toBe(413);
    expect(await scene.events(7)).toMatchObject([{ state: 'unreadable', reason: expect.stringContaining('more than') }]);
    expect(await scene.harness.get(GapStore).find(7)).toBeDefined();
  });

  it('R76: opens a gap when a webhook sends more than 4 MB in chunks', async () => {
    const scene = await ApiScene.open({ database: await databases.open() });
    const token = await scene.addAccount(7);
    await scene.app.listen(0, '127.0.0.1');
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const body = new ReadableStream({
      start: (controller) => {
        for (let sent = 0; sent < 5; sent += 1) controller.enqueue(chunk);
        controller.close();
      },
    });
    const response = await fetch(`${await scene.app.getUrl()}/webhook/${token}`, {
      method: 'POST',
      headers: FORM,
      body,
      duplex: 'half',
    });
    expect(response.status).toBe(413);
    expect(await scene.harness.get(GapStore).find(7)).toBeDefined();
  });

  it('R76: opens a gap and gets 200 when a webhook is compressed', async () => {
    const scene = await ApiScene.open({ database: await databases.open() });
    const token = await scene.addAccount(7);
    const body = gzipSync('contacts[delete][0][id]=1');
    const response = await scene.send('POST', `/webhook/${token}`, { body, headers: { ...FORM, 'content-encoding': 'gzip' } });
    expect(response).toMatchObject({ status: 200, body: { data: { unreadable: 1 } } });
    expect(await scene.harness.get(GapStore).find(7)).toBeDefined();
  });

  it('does not make memory grow', async () => {
    const scene = await ApiScene.open({ database: await databases.open() });
    await scene.app.listen(0, '127.0.0.1');
    const address = await scene.app.getUrl();
    const post = async () => {
      const response = await fetch(`${address}/unisender/contacts`, {
        method: 'POST',
        headers: { ...OPERATOR, ...FORM },
        body: keys(60_000),
      });
      expect(response.status).toBe(400);
      await response.text();
    };
    for (let i = 0; i < 10; i += 1) await post();
    const before = bytesInUse();
    for (let i = 0; i < 60; i += 1) await post();
    expect(bytesInUse() - before).toBeLessThan(80 * 1024 * 1024);
  });

  it('is refused in the URL, too', async () => {
    const scene = await ApiScene.open({ database: await databases.open() });
    for (const url of [
      '/sum?a=%',
      '/%',
      '/sync/contacts/%E0%A4%A',
      `/sum?${keys(1000)}`,
      `/webhook/${'x'.repeat(2000)}`,
      '/sum?a[b][c][d][e][f]=1',
    ]) {
      const { status, body } = await scene.sendAsOperator('GET', url);
      expect({ url: url.slice(0, 40), isRefused: status >= 400 && status < 500, envelope: body.status }).toEqual({
        url: url.slice(0, 40),
        isRefused: true,
        envelope: 'error',
      });
    }
  });
});
