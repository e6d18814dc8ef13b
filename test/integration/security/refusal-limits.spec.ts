import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { openTestDatabases } from '../../support/test-databases.js';
import { ApiScene, CLIENT_ID, CLIENT_SECRET } from '../api/api-scene.js';
import { signDisposableToken } from '../api/disposable-token.js';

const ACCOUNT_ID = 501;
const LIMIT = 3;

/** Requests that are refused, by what they are for. */
const refused = {
  operator: { url: '/accounts', headers: { authorization: 'Bearer guessed' }, status: 401 },
  widget: { url: `/widget/status?account_id=${ACCOUNT_ID}`, headers: { 'x-auth-token': 'a.b.c' }, status: 401 },
  webhook: { url: '/unisender/webhook/a-token-that-was-never-given', headers: {}, status: 404 },
  consent: { url: '/auth?code=x&referer=evil.test&from_widget=1', headers: {}, status: 400 },
  uninstall: { url: `/kommo/uninstall?client_uuid=${CLIENT_ID}&account_id=${ACCOUNT_ID}&signature=00`, headers: {}, status: 401 },
  unknown_url: { url: '/nowhere', headers: {}, status: 404 },
};

type Purpose = keyof typeof refused;
const purposes = Object.keys(refused) as Purpose[];

describe('S11: refusals', () => {
  const databases = openTestDatabases('sqlite');
  let scene: ApiScene;
  let token: string;

  beforeEach(async () => {
    scene = await ApiScene.open({ database: await databases.open(), config: { publicRateLimitPerMinute: LIMIT, trustProxy: 1 } });
    token = await scene.addAccount(ACCOUNT_ID);
  });

  const refuse = async (purpose: Purpose, forwardedFor?: string) => {
    const { url, headers } = refused[purpose];
    const from = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
    return (await scene.send('GET', url, { headers: { ...headers, ...from } })).status;
  };

  const useUp = async (purpose: Purpose, forwardedFor?: string) => {
    for (let count = 0; count < LIMIT; count += 1) expect(await refuse(purpose, forwardedFor)).toBe(refused[purpose].status);
    expect(await refuse(purpose, forwardedFor)).toBe(429);
  };

  it.each(purposes)('are limited for each purpose alone: %s', async (purpose) => {
    await useUp(purpose);
    for (const other of purposes.filter((each) => each !== purpose)) expect(await refuse(other)).toBe(refused[other].status);
  });

  it('never limit a valid token or signature behind the same proxy', async () => {
    for (const purpose of purposes) await useUp(purpose);
    const signature = createHmac('sha256', CLIENT_SECRET).update(`${CLIENT_ID}|${ACCOUNT_ID}`).digest('hex');
    const statuses = {
      operator: (await scene.sendAsOperator('GET', '/accounts')).status,
      widget: (await scene.send('GET', refused.widget.url, { headers: { 'x-auth-token': signDisposableToken(ACCOUNT_ID) } })).status,
      webhook: (await scene.send('POST', `/webhook/${token}`)).status,
      consent: (await scene.send('GET', `/auth?id=${ACCOUNT_ID}`)).status,
      uninstall: (await scene.send('GET', refused.uninstall.url.replace('=00', `=${signature}`))).status,
    };
    expect(statuses).toEqual({ operator: 200, widget: 200, webhook: 200, consent: 302, uninstall: 200 });
  });

  it('count for the client that the proxy names, not for one that the client names itself', async () => {
    await useUp('operator', '198.51.100.7, 192.0.2.1');
    expect(await refuse('operator', '203.0.113.9, 192.0.2.1')).toBe(429);
    expect(await refuse('operator', `${'9'.repeat(8_000)}, 192.0.2.1:4711`)).toBe(429);
    expect(await refuse('operator', '192.0.2.2')).toBe(401);
  });

  it('count for the proxy when the header names no IP', async () => {
    for (let count = 0; count < LIMIT; count += 1) expect(await refuse('operator', `not-an-ip-${count}`)).toBe(401);
    expect(await refuse('operator', 'unknown')).toBe(429);
    expect(await refuse('operator')).toBe(429);
  });

  it('count for the /64 of an IPv6 client, and for its /48', async () => {
    await useUp('operator', '2001:db8:1:1::1');
    expect(await refuse('operator', '2001:0DB8:1:1:ffff::2')).toBe(429);
    const statuses: number[] = [];
    for (let subnet = 2; subnet < 20; subnet += 1) statuses.push(await refuse('operator', `2001:db8:1:${subnet.toString(16)}::1`));
    expect(statuses.filter((status) => status === 401)).toHaveLength(3 * LIMIT);
    expect(await refuse('operator', '2001:db8:2::1')).toBe(401);
  });
});
