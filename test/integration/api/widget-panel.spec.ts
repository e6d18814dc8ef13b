import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { strFromU8, unzipSync } from 'fflate';
import { RunService } from '#sync';
import { type Sandbox, startSandbox } from '../../../apps/sandbox/src/sandbox.js';
import { SandboxControl } from '../../support/sandbox-control.js';
import { openTestDatabases } from '../../support/test-databases.js';
import { ACCOUNT_ID, CLIENT_ID, InstallScene, installAccount } from '../install/install-scene.js';
import { ApiScene, CLIENT_SECRET, OPERATOR_TOKEN, UNISENDER_KEY } from './api-scene.js';

const ADMINISTRATOR = 11;
const MANAGER = 12;

describe('the routes of the settings window', () => {
  const databases = openTestDatabases('sqlite');
  let sandbox: Sandbox;
  let control: SandboxControl;
  let vendors: InstallScene;
  let scene: ApiScene;

  beforeAll(async () => {
    sandbox = await startSandbox();
    control = new SandboxControl(sandbox.url);
    vendors = new InstallScene(control);
  });
  afterAll(() => sandbox.close());

  beforeEach(async () => {
    await control.reset();
    await vendors.addIntegration();
    await vendors.addAccount(ACCOUNT_ID, [
      { id: ADMINISTRATOR, is_admin: true },
      { id: MANAGER, is_admin: false },
    ]);
    await control.post('/unisender/accounts', { api_key: UNISENDER_KEY, login: 'owner@example.org' });
    await control.post(`/unisender/accounts/${UNISENDER_KEY}/lists`, { title: 'News' });
    await control.post(`/kommo/accounts/${ACCOUNT_ID}/contacts`, {
      name: 'Ann',
      emails: ['ann@example.org'],
      tags: ['client'],
      hooks: false,
    });
    scene = await ApiScene.open({ database: await databases.open(), sandboxUrl: sandbox.url });
    await scene.saveIntegration();
    await installAccount(scene.harness, vendors, ACCOUNT_ID, ADMINISTRATOR);
  });

  const tokenOf = async (userId: number) => ({ 'x-auth-token': await vendors.disposableToken(ACCOUNT_ID, CLIENT_ID, userId) });
  const get = async (path: string, userId = ADMINISTRATOR) =>
    scene.send('GET', `/widget/${path}?account_id=${ACCOUNT_ID}`, { headers: await tokenOf(userId) });
  const act = async (body: object, userId = ADMINISTRATOR) =>
    scene.send('POST', '/widget/actions', { headers: await tokenOf(userId), body: { account_id: ACCOUNT_ID, ...body } });
  const saveKey = async () =>
    scene.send('POST', '/widget', {
      headers: await tokenOf(ADMINISTRATOR),
      body: { account_id: ACCOUNT_ID, unisender_key: UNISENDER_KEY },
    });

  it('give lists, fields, tags and users to choose from, in one call', async () => {
    await saveKey();
    const { status, body } = await get('options');
    expect(status).toBe(200);
    expect(body.data).toMatchObject({
      lists: expect.arrayContaining([{ id: expect.any(Number), title: 'News' }]),
      kommo_fields: expect.arrayContaining([
        { key: 'POSITION', name: 'Position' },
        { key: expect.stringMatching(/^\d+$/), name: 'Birthday' },
      ]),
      tags: ['client'],
      users: [
        { id: ADMINISTRATOR, name: `User ${ADMINISTRATOR}` },
        { id: MANAGER, name: `User ${MANAGER}` },
      ],
    });
    expect(JSON.stringify(body.data['kommo_fields'])).not.toContain('EMAIL');
  });

  it('give the choices of Kommo before a key is saved', async () => {
    expect((await get('options')).body.data).toMatchObject({ lists: [], unisender_fields: [], tags: ['client'] });
  });

  it('are only for administrators, except for the status', async () => {
    const refused = { status: 403, body: { data: { error: 'administrator_required' } } };
    expect(await get('options', MANAGER)).toMatchObject(refused);
    expect(await get('failures', MANAGER)).toMatchObject(refused);
    for (const action of ['reconcile', 'resync', 'confirm', 'cancel']) expect(await act({ action }, MANAGER)).toMatchObject(refused);
    expect((await get('status', MANAGER)).status).toBe(200);
  });

  it('list failing addresses, and sync one contact or all failing addresses again', async () => {
    await saveKey();
    expect((await get('failures')).body.data).toEqual({ addresses: [], next: null });
    expect((await act({ action: 'resync', contact_id: 1 })).body.data).toEqual({ addresses: 0 });
    expect((await act({ action: 'resync' })).body.data).toEqual({ addresses: 0 });
    expect(scene.harness.jobs).toContainEqual({ tube: 'contacts', payload: { account_id: ACCOUNT_ID } });
    const [event] = await scene.events(ACCOUNT_ID);
    expect(event).toMatchObject({ contact_id: 1 });
  });

  it('start a reconciliation and cancel it; a run of another account is unknown', async () => {
    await saveKey();
    const runs = scene.harness.get(RunService);
    const [active] = await runs.list(ACCOUNT_ID, 1);
    expect(await act({ action: 'reconcile' })).toMatchObject({ status: 409, body: { data: { error: 'run_active' } } });
    expect((await act({ action: 'cancel', run_id: active?.run_id })).body.data).toMatchObject({ run: { state: 'cancelled' } });
    expect((await act({ action: 'reconcile' })).body.data).toMatchObject({
      run: { mode: 'reconcile', trigger: 'widget', state: 'queued' },
    });
    await scene.addAccount(ACCOUNT_ID + 1);
    const other = await runs.start({ accountId: ACCOUNT_ID + 1, mode: 'import', trigger: 'operator' });
    for (const action of ['cancel', 'confirm']) {
      expect(await act({ action, run_id: other.run_id })).toMatchObject({ status: 404, body: { data: { error: 'run_unknown' } } });
    }
  });

  it('name the bad fields of an action', async () => {
    const response = await act({ action: 'explode', run_id: 'x', contact_id: -1 });
    expect(response.status).toBe(400);
    expect(response.body.data.fields?.map(({ field }) => field).sort()).toEqual(['action', 'contact_id', 'run_id']);
    expect((await act({ action: 'confirm' })).body.data.fields?.map(({ field }) => field)).toEqual(['run_id']);
  });

  it('count what a change would add and remove, check the key, and save nothing', async () => {
    await saveKey();
    const preview = async (body: object) =>
      scene.send('POST', '/widget?preview=1', { headers: await tokenOf(ADMINISTRATOR), body: { account_id: ACCOUNT_ID, ...body } });
    const response = await preview({ settings: { include_tags: ['client'] } });
    expect(response).toMatchObject({
      status: 200,
      body: { data: { would_add: 0, would_remove: 0, settings: { include_tags: ['client'] } } },
    });
    expect(await preview({ unisender_key: 'wrong-key' })).toMatchObject({
      status: 422,
      body: { data: { error: 'unisender_key_refused' } },
    });
    const bad = await preview({ settings: { unknown: 1 } });
    expect(bad.body.data.fields?.map(({ field }) => field)).toEqual(['settings.unknown']);
    expect((await get('status')).body.data['settings']).toMatchObject({ include_tags: [] });
  });

  it('give the archive of the widget with the public URL and without a secret', async () => {
    const response = await scene.app.inject({ method: 'GET', url: '/widget.zip' });
    expect(response.headers).toMatchObject({
      'content-type': 'application/zip',
      'content-disposition': 'attachment; filename="widget.zip"',
    });
    const files = unzipSync(response.rawPayload);
    expect(strFromU8(files['script.js'] ?? new Uint8Array())).toContain("'https://sync.example.org'");
    const everything = Object.values(files)
      .map((content) => strFromU8(content))
      .join('');
    for (const secret of [OPERATOR_TOKEN, UNISENDER_KEY, CLIENT_SECRET]) expect(everything).not.toContain(secret);
    const again = await scene.app.inject({ method: 'GET', url: '/widget.zip' });
    expect(again.rawPayload.equals(response.rawPayload)).toBe(true);
  });
});
