import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AccountStore } from '#database';
import { RunWorker } from '#sync';
import { type Sandbox, startSandbox } from '../../../apps/sandbox/src/sandbox.js';
import { SandboxControl } from '../../support/sandbox-control.js';
import { openTestDatabases } from '../../support/test-databases.js';
import { ACCOUNT_ID, InstallScene } from '../install/install-scene.js';
import { ApiScene, UNISENDER_KEY } from './api-scene.js';

const queryOf = (values: object) =>
  new URLSearchParams(Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === 'string')).toString();

describe('an installation over HTTP', () => {
  const databases = openTestDatabases('sqlite');
  let sandbox: Sandbox;
  let control: SandboxControl;
  let vendors: InstallScene;

  beforeAll(async () => {
    sandbox = await startSandbox();
    control = new SandboxControl(sandbox.url);
    vendors = new InstallScene(control);
  });
  afterAll(() => sandbox.close());
  beforeEach(() => vendors.begin());

  const open = async () => {
    const scene = await ApiScene.open({ database: await databases.open(), sandboxUrl: sandbox.url });
    await scene.saveIntegration();
    return scene;
  };

  const consent = async (scene: ApiScene) => {
    const begun = await scene.send('GET', `/auth?id=${ACCOUNT_ID}`);
    expect(begun.status).toBe(302);
    const state = new URL(String(begun.headers['location'])).searchParams.get('state') ?? '';
    const { code, referer, clientId } = await vendors.allow(ACCOUNT_ID, { state });
    return queryOf({ code, referer, client_id: clientId, state });
  };

  it.each(['/auth', '/authcallback'])('redirects to Kommo, and returns the name of the account on %s', async (path) => {
    const scene = await open();
    const response = await scene.send('GET', `${path}?${await consent(scene)}`);
    expect(response).toMatchObject({
      status: 200,
      body: { status: 'success', data: { account_id: ACCOUNT_ID, name: `Company ${ACCOUNT_ID}` } },
    });
    expect(await scene.sendAsOperator('GET', '/accounts')).toMatchObject({
      body: { data: { accounts: [{ account_id: ACCOUNT_ID, status: 'active' }] } },
    });
  });

  it('ends with a page in the language of a browser, also when it is refused', async () => {
    const scene = await open();
    const headers = { accept: 'text/html,*/*;q=0.8', 'accept-language': 'ru-RU,ru;q=0.9' };
    const query = await consent(scene);
    const connected = await scene.send('GET', `/authcallback?${query}`, { headers });
    expect(connected).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(connected.text).toContain('Подключено');
    expect(connected.text).toContain(`Company ${ACCOUNT_ID}`);
    const again = await scene.send('GET', `/authcallback?${query}`, { headers });
    expect(again).toMatchObject({ status: 400, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(again.text).toContain('Не подключено');
  });

  it('needs no state when it starts in the widget', async () => {
    const scene = await open();
    const { code, referer, clientId } = await vendors.allowFromWidget(ACCOUNT_ID);
    const query = queryOf({ code, referer, client_id: clientId, from_widget: '1', platform: '2' });
    expect((await scene.send('GET', `/auth?${query}`)).status).toBe(200);
  });

  it("shows Kommo's button, and allows no other script", async () => {
    const scene = await open();
    const page = await scene.send('GET', `/auth?id=${ACCOUNT_ID}&button=1`);
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.headers['content-security-policy']).toContain('script-src https://www.kommo.com;');
    expect(page.text).toContain('src="https://www.kommo.com/auth/button.min.js"');
    expect(page.text).toContain('data-state="');
  });

  it.each([
    'evil.test',
    'x.kommo.com.evil.test',
    '127.0.0.1',
    'user@company.kommo.com',
    'company.kommo.com:8443',
    'company.kommo.com/x',
    'company.kommo.com.',
    'cоmpany.kommo.com',
  ])('R23: refuses the referer %s and makes no request', async (referer) => {
    const scene = await open();
    await control.forgetCalls();
    const { code, clientId } = await vendors.allowFromWidget(ACCOUNT_ID);
    const response = await scene.send('GET', `/auth?${queryOf({ code, referer, client_id: clientId, from_widget: '1' })}`);
    expect(response).toMatchObject({ status: 400, body: { data: { fields: [{ field: 'referer' }] } } });
    expect((await control.calls('/oauth2/')).length).toBe(0);
  });

  it('R24: refuses a missing, used or invented state, and a code that Kommo refuses', async () => {
    const scene = await open();
    const query = await consent(scene);
    expect((await scene.send('GET', `/auth?${query.replace(/&state=.*$/, '')}`)).status).toBe(400);
    expect((await scene.send('GET', `/auth?${query}x`)).status).toBe(400);
    expect((await scene.send('GET', `/auth?${query}`)).status).toBe(200);
    expect(await scene.send('GET', `/auth?${query}`)).toMatchObject({ status: 400, body: { data: { fields: [{ field: 'state' }] } } });
    const fresh = (await consent(scene)).replace(/code=[^&]+/, 'code=refused');
    expect(await scene.send('GET', `/auth?${fresh}`)).toMatchObject({ status: 400, body: { data: { error: 'kommo_code_refused' } } });
    expect((await scene.send('GET', '/auth?error=access_denied&state=x')).status).toBe(400);
  });

  it('responds within 3 s when Kommo is slow, and continues in the background', async () => {
    const scene = await open();
    const query = await consent(scene);
    await control.set({ 'kommo.token_delay_ms': 6_000 });
    const started = performance.now();
    const response = await scene.send('GET', `/auth?${query}`);
    expect(response).toMatchObject({ status: 202, body: { status: 'success', code: 202 } });
    expect(performance.now() - started).toBeLessThan(6_000);
    await scene.app.close();
    expect(await scene.harness.get(AccountStore).find(ACCOUNT_ID)).toMatchObject({ status: 'active' });
  });

  it('ends with the key: it is checked, webhooks are created, the import starts', async () => {
    const scene = await open();
    await scene.send('GET', `/auth?${await consent(scene)}`);
    const token = await vendors.disposableToken(ACCOUNT_ID);
    const headers = { 'x-auth-token': token, origin: `https://company${ACCOUNT_ID}.kommo.com` };
    const saved = await scene.send('POST', '/widget', { headers, body: { account_id: ACCOUNT_ID, unisender_key: UNISENDER_KEY } });
    expect(saved).toMatchObject({
      status: 202,
      body: { status: 'success', data: { run: { account_id: ACCOUNT_ID, mode: 'import', trigger: 'widget' } } },
    });
    expect(saved.headers['access-control-allow-origin']).toBe(headers.origin);
    const status = await scene.send('GET', `/widget/status?account_id=${ACCOUNT_ID}`, { headers });
    expect(status).toMatchObject({ status: 200, body: { data: { connected: true, webhook: 'active' } } });
    expect(status.text).not.toContain(UNISENDER_KEY);
  });

  it('R44: refuses tokens of other accounts and forged ones, and keeps the old key when the new one is bad', async () => {
    const scene = await open();
    await scene.send('GET', `/auth?${await consent(scene)}`);
    const token = await vendors.disposableToken(ACCOUNT_ID);
    const save = (headers: Record<string, string>, body: object) => scene.send('POST', '/widget', { headers, body });
    const good = { account_id: ACCOUNT_ID, unisender_key: UNISENDER_KEY };
    expect((await save({}, good)).status).toBe(401);
    expect((await save({ 'x-auth-token': `${token.slice(0, -2)}xx` }, good)).status).toBe(401);
    expect((await save({ 'x-auth-token': token }, { ...good, account_id: 7 })).status).toBe(403);
    expect((await save({ 'x-auth-token': token }, good)).status).toBe(202);
    const refused = await save({ 'x-auth-token': token }, { ...good, unisender_key: 'wrong' });
    expect(refused).toMatchObject({
      status: 422,
      body: { data: { error: 'unisender_key_refused', fields: [{ field: 'unisender_key' }] } },
    });
    expect((await save({ 'x-auth-token': token }, { ...good, settings: { delete_policy: 'never' } })).body.data.fields).toMatchObject([
      { field: 'settings.delete_policy' },
    ]);
    expect((await scene.send('GET', '/widget/status?account_id=7', { headers: { 'x-auth-token': token } })).status).toBe(403);
  });

  it('lets the operator read and change contacts at both vendors', async () => {
    const scene = await open();
    await scene.send('GET', `/auth?${await consent(scene)}`);
    const saved = await scene.sendAsOperator('POST', '/widget', { body: { account_id: ACCOUNT_ID, unisender_key: UNISENDER_KEY } });
    await scene.harness.get(RunWorker).continueRun(String(saved.body.data['run_id']), new AbortController().signal);
    expect(await scene.sendAsOperator('GET', `/kommo/contacts?id=${ACCOUNT_ID}&page=1&limit=250`)).toMatchObject({
      status: 200,
      body: { data: { page: 1, contacts: [] } },
    });
    const added = await scene.sendAsOperator('POST', '/unisender/contacts', {
      body: { id: ACCOUNT_ID, emails: ['Anna@Example.org', 'ben@example.org'] },
    });
    expect(added).toMatchObject({
      status: 200,
      body: {
        data: {
          results: [
            { email: 'anna@example.org', result: 'done', reason: null },
            { email: 'ben@example.org', result: 'done', reason: null },
          ],
        },
      },
    });
    const find = (email: string) => scene.sendAsOperator('GET', `/unisender/contacts?id=${ACCOUNT_ID}&z=${email}`);
    expect(await find('anna@example.org')).toMatchObject({ status: 200, body: { data: { found: true } } });
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    await scene.sendAsOperator('POST', '/unisender/contacts', {
      body: `id=${ACCOUNT_ID}&emails[]=anna@example.org&delete=1`,
      headers: form,
    });
    expect(await find('anna@example.org')).toMatchObject({ status: 200, body: { data: { found: false } } });
  });
});
