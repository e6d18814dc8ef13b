import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readJsonSample } from '../../support/samples.js';
import { ManualClock } from './manual-clock.js';
import { sendRequest, bearer, Receiver, SandboxClient, textOf, type SandboxResponse, type ConnectedAccount } from './sandbox-harness.js';

let clock: ManualClock;
let client: SandboxClient;
let account: ConnectedAccount;

beforeEach(async () => {
  clock = new ManualClock(Date.parse('2026-01-01T00:00:00Z'));
  client = await SandboxClient.start({ clock });
  account = await client.connectAccount({ subdomain: 'acme' });
  await client.setSwitches({ 'kommo.requests_per_second': 0 });
});

afterEach(() => client.stop());

const token = (fields: Record<string, unknown>, host = account.host): Promise<SandboxResponse> =>
  client.callKommo(host, '/oauth2/access_token', { body: { ...account.client, ...fields } });
const exchange = (code: string, fields: Record<string, unknown> = {}) => token({ grant_type: 'authorization_code', code, ...fields });
const refresh = (refresh_token: string) => token({ grant_type: 'refresh_token', refresh_token });
const newCode = () => client.createCode(account.id, account.client.client_id);
const accountStatus = async (access: string) =>
  (await client.callKommo(account.host, '/api/v4/account', { headers: bearer(access) })).status;

describe('the token endpoint', () => {
  it('returns tokens in the documented form', async () => {
    const response = await exchange(await newCode());
    expect(response.status).toBe(200);
    expect(Object.keys(response.json)).toEqual(Object.keys(readJsonSample<object>('kommo', 'oauth-03-token-response.json')));
    expect(response.json).toMatchObject({ token_type: 'Bearer', expires_in: 86400 });
  });

  it('returns the reason of a refusal in the captured form', async () => {
    const used = await newCode();
    await exchange(used);
    const late = await newCode();
    clock.advance(20 * 60_000);
    expect((await exchange(late)).json).toEqual(readJsonSample('kommo', 'oauth-10-error-code-expired.json'));
    expect((await exchange(used)).json).toEqual(readJsonSample('kommo', 'oauth-11-error-code-already-used.json'));
    expect((await exchange('garbage')).json).toEqual(readJsonSample('kommo', 'oauth-12-error-code-garbage.json'));
    expect((await exchange(await newCode(), { redirect_uri: 'https://service.test/auth/' })).json).toEqual(
      readJsonSample('kommo', 'oauth-15-error-redirect-uri.json'),
    );
  });

  it.each([
    [{ client_id: 'x' }, 'Check the `client_id` parameter'],
    [{ client_secret: 'x' }, 'Check the `client_secret` parameter'],
    [{ grant_type: 'x' }, 'Check the `grant_type` parameter'],
  ])('rejects %o', async (fields, hint) => {
    const response = await exchange(await newCode(), fields);
    expect([response.status, response.json.hint, response.headers['content-type']]).toEqual([400, hint, 'application/problem+json']);
  });

  it('rejects a code on the host of another account', async () => {
    await client.control('POST', '/kommo/accounts', { subdomain: 'other' });
    const response = await token({ grant_type: 'authorization_code', code: await newCode() }, 'other.kommo.com');
    expect(response.json.hint).toBe('Invalid account');
  });

  it('accepts form-encoded bodies only with the switch', async () => {
    const form = new URLSearchParams({ ...account.client, grant_type: 'refresh_token', refresh_token: account.refresh }).toString();
    expect((await client.callKommo(account.host, '/oauth2/access_token', { form })).status).toBe(401);
    await client.setSwitches({ 'kommo.token_accepts_form': true });
    expect((await client.callKommo(account.host, '/oauth2/access_token', { form })).status).toBe(200);
  });

  it('moves to the new host after a rename, and the refresh token leads to that host', async () => {
    await client.control('POST', `/kommo/accounts/${account.id}/rename`, { subdomain: 'acme2' });
    expect((await refresh(account.refresh)).status).toBe(404);
    const response = await client.callKommo('api-c.kommo.com', '/oauth2/account/current/subdomain', {
      headers: { 'x-refresh-token': account.refresh },
    });
    expect(response.json).toEqual({ id: account.id, subdomain: 'acme2', domain: 'acme2.kommo.com', top_level_domain: 'com' });
    expect((await token({ grant_type: 'refresh_token', refresh_token: account.refresh }, 'acme2.kommo.com')).status).toBe(200);
  });
});

describe('rotation of refresh tokens', () => {
  it('A: the old token is valid until a token of the new pair is used', async () => {
    const lost = await refresh(account.refresh);
    const second = await refresh(account.refresh);
    expect([lost.status, second.status]).toEqual([200, 200]);
    expect(await accountStatus(textOf(second.json.access_token))).toBe(200);
    expect((await refresh(account.refresh)).json.hint).toBe('Token has been revoked');
    expect(await accountStatus(textOf(lost.json.access_token))).toBe(401);
    expect((await refresh(textOf(lost.json.refresh_token))).status).toBe(400);
  });

  it('A: with the switch, only a refresh ends the old token', async () => {
    await client.setSwitches({ 'kommo.retired_by': 'refresh' });
    const next = await refresh(account.refresh);
    expect(await accountStatus(textOf(next.json.access_token))).toBe(200);
    expect((await refresh(account.refresh)).status).toBe(200);
  });

  it('B: a token is valid once', async () => {
    await client.setSwitches({ 'kommo.rotation': 'B' });
    expect((await refresh(account.refresh)).status).toBe(200);
    expect((await refresh(account.refresh)).status).toBe(400);
  });

  it('expires access tokens after a day and refresh tokens after three months', async () => {
    clock.advance(86_400_000);
    expect(await accountStatus(account.access)).toBe(401);
    clock.advance(90 * 86_400_000);
    expect((await refresh(account.refresh)).status).toBe(400);
  });

  it('can expire and revoke tokens by the control API', async () => {
    await client.control('POST', `/kommo/accounts/${account.id}/expire`);
    expect(await accountStatus(account.access)).toBe(401);
    expect((await refresh(account.refresh)).status).toBe(200);
    await client.control('POST', `/kommo/accounts/${account.id}/revoke`);
    expect((await refresh(account.refresh)).status).toBe(400);
  });
});

describe('consent and installation', () => {
  it('shows a page and redirects the browser with code, state and host name', async () => {
    const page = await sendRequest(client.sandbox.url, `/oauth?client_id=${account.client.client_id}&state=abc`);
    expect(page.text).toContain('Allow');
    const form = new URLSearchParams({
      client_id: account.client.client_id,
      state: 'abc',
      account_id: String(account.id),
      decision: 'allow',
    });
    const allowed = await client.callKommo('www.kommo.com', '/oauth', { form: form.toString() });
    const back = new URL(allowed.headers.location ?? '');
    expect([allowed.status, back.origin + back.pathname]).toEqual([302, 'https://service.test/auth']);
    expect(Object.fromEntries(back.searchParams)).toMatchObject({
      state: 'abc',
      referer: 'acme.kommo.com',
      client_id: account.client.client_id,
    });
    expect((await exchange(back.searchParams.get('code') ?? '')).status).toBe(200);
  });

  it('allows at once with auto=1, and declines on request', async () => {
    const auto = await client.callKommo('www.kommo.com', `/oauth?client_id=${account.client.client_id}&auto=1`);
    expect(new URL(auto.headers.location ?? '').searchParams.has('state')).toBe(false);
    const declined = await client.control('POST', `/kommo/accounts/${account.id}/consent`, {
      client_id: account.client.client_id,
      state: 'abc',
      decline: true,
    });
    expect(declined.json.redirect).toBe(`https://service.test/auth?error=access_denied&client_id=${account.client.client_id}&state=abc`);
  });

  it('installs a widget by calling the redirect URI once, for three seconds', async () => {
    const receiver = await new Receiver().start();
    receiver.respond = ({ url }) => (url.includes('slow') ? undefined : 500);
    const install = async (path: string) => {
      const { client_id } = (await client.control('POST', '/kommo/integrations', { redirect_uri: `${receiver.url}${path}` })).json;
      return client.control('POST', `/kommo/accounts/${account.id}/install`, { client_id });
    };
    expect((await install('/auth')).json).toEqual({ status: 500, outcome: 'responded' });
    const [call] = await receiver.waitForCalls(1);
    const query = new URLSearchParams(call?.url.split('?')[1]);
    expect([...query.keys()]).toEqual(['code', 'referer', 'platform', 'client_id', 'from_widget']);
    expect([query.get('platform'), query.get('from_widget'), call?.method]).toEqual(['2', '1', 'GET']);
    const slow = install('/slow');
    await receiver.waitForCalls(2);
    clock.advance(3000);
    expect((await slow).json).toEqual({ status: null, outcome: 'timeout' });
    await receiver.stop();
  });

  it('signs the uninstall call and revokes the tokens', async () => {
    const vector = readJsonSample<{ client_id: string; client_secret: string; account_id: number; signature: string }>(
      'kommo',
      'oauth-22-uninstall-hook-VECTOR.json',
    );
    const receiver = await new Receiver().start();
    const { client_id, client_secret } = vector;
    const uninstalled = await client.connectAccount(
      { id: vector.account_id },
      { client_id, client_secret, uninstall_url: `${receiver.url}/uninstall` },
    );
    await client.control('POST', `/kommo/accounts/${uninstalled.id}/uninstall`, { client_id });
    const [call] = await receiver.waitForCalls(1);
    expect(call?.url).toBe(`/uninstall?client_uuid=${client_id}&account_id=${vector.account_id}&signature=${vector.signature}`);
    expect(call?.headers['user-agent']).toBe('amoService-oAuth-Code-Sender/1.0');
    expect((await client.callKommo(uninstalled.host, '/api/v4/account', { headers: bearer(uninstalled.access) })).status).toBe(401);
    await receiver.stop();
  });
});

describe('the widget token', () => {
  const claimsOf = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
  const path = () => `/ajax/v2/integrations/${account.client.client_id}/disposable_token`;

  it('is signed with the client secret and expires after half an hour', async () => {
    const response = await client.callKommo(account.host, path(), { headers: { 'x-requested-with': 'XMLHttpRequest' } });
    const jwt = textOf(response.json.token);
    const [head, claims, signature] = jwt.split('.');
    expect(createHmac('sha256', account.client.client_secret).update(`${head}.${claims}`).digest('base64url')).toBe(signature);
    expect(JSON.parse(Buffer.from(head ?? '', 'base64url').toString())).toEqual({ typ: 'JWT', alg: 'HS256' });
    expect(Object.keys(claimsOf(jwt)).filter((name) => name !== 'is_admin')).toEqual(
      Object.keys(readJsonSample<object>('kommo', 'token-01-disposable-claims-doc.json')),
    );
    const { iat, exp, aud, iss } = claimsOf(jwt);
    expect([Number(exp) - Number(iat), aud, iss]).toEqual([1800, 'https://service.test', 'https://acme.kommo.com']);
  });

  it('has no claim is_admin with the switch', async () => {
    await client.setSwitches({ 'kommo.disposable_is_admin': 'absent' });
    const made = await client.control('POST', `/kommo/accounts/${account.id}/disposable-token`, { client_id: account.client.client_id });
    expect(claimsOf(textOf(made.json.token))).not.toHaveProperty('is_admin');
  });
});
