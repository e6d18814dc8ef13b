import { describe, expect, it } from '@jest/globals';
import { AuditStore } from '#database';
import { AuditLog } from '#sync';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';
import { ApiScene, CLIENT_ID, CLIENT_SECRET, type ApiResponse, UNISENDER_KEY } from './api-scene.js';

const ACCOUNT_ID = 501;

interface Entry {
  readonly audit_id: string;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly account_id: number | null;
  readonly outcome: string;
  readonly details: Record<string, unknown>;
}

const entriesOf = ({ body }: ApiResponse) => body.data['audit'] as Entry[];

describe.each(testDatabaseKinds())('the audit log on %s', (kind) => {
  const databases = openTestDatabases(kind);

  const open = async () => {
    const scene = await ApiScene.open({ database: await databases.open() });
    await scene.addAccount(ACCOUNT_ID);
    return scene;
  };
  const read = async (scene: ApiScene, query = '') => entriesOf(await scene.sendAsOperator('GET', `/operations/audit${query}`));

  it('records the actor, the action, the account and the outcome', async () => {
    const scene = await open();
    const { body } = await scene.sendAsOperator('POST', '/sync/contacts', { body: { id: ACCOUNT_ID, mode: 'reconcile' } });
    const runId = String(body.data['run_id']);
    await scene.sendAsOperator('POST', '/sync/contacts', { body: { id: ACCOUNT_ID } });
    await scene.sendAsOperator('DELETE', `/sync/contacts/${runId}`);
    const actions = (await read(scene)).map(({ audit_id: _id, at: _at, ...action }) => action);
    expect(actions).toEqual([
      { actor: 'operator', action: 'run.cancel', account_id: ACCOUNT_ID, outcome: 'done', details: { run_id: runId } },
      { actor: 'operator', action: 'run.start', account_id: ACCOUNT_ID, outcome: 'run_active', details: {} },
      { actor: 'operator', action: 'run.start', account_id: ACCOUNT_ID, outcome: 'done', details: { mode: 'reconcile' } },
      { actor: 'operator', action: 'integration.save', account_id: null, outcome: 'done', details: { client_id: CLIENT_ID } },
    ]);
  });

  it('contains neither secrets nor e-mail addresses', async () => {
    const scene = await open();
    await scene.sendAsOperator('POST', '/unisender/contacts', {
      body: { id: ACCOUNT_ID, emails: ['ivan@example.org', 'olga@example.org'] },
    });
    const setup = { client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uri: 'https://a.test/auth', account_id: ACCOUNT_ID };
    await scene.sendAsOperator('POST', '/setup', { body: setup });
    await scene.sendAsOperator('POST', '/widget', { body: { account_id: ACCOUNT_ID, unisender_key: UNISENDER_KEY } });
    const { text, ...response } = await scene.sendAsOperator('GET', '/operations/audit');
    expect(entriesOf({ text, ...response }).map(({ action }) => action)).toEqual([
      'account.configure',
      'account.setup',
      'unisender.change',
      'integration.save',
    ]);
    expect(entriesOf({ text, ...response })[2]?.details).toEqual({ emails: 2 });
    for (const hidden of [CLIENT_SECRET, UNISENDER_KEY, 'ivan', 'example.org']) expect(text).not.toContain(hidden);
  });

  it('records refused input, but no request without the right token', async () => {
    const scene = await open();
    await scene.sendAsOperator('POST', '/sync/contacts', { body: { id: '1 OR 1=1' } });
    await scene.send('POST', '/sync/contacts', { body: { id: ACCOUNT_ID } });
    const [newest, ...older] = await read(scene);
    expect(newest).toMatchObject({ action: 'run.start', account_id: null, outcome: 'invalid_input' });
    expect(older.map(({ action }) => action)).toEqual(['integration.save']);
  });

  it('shows an action during which the process died', async () => {
    const scene = await open();
    const audit = scene.harness.get(AuditLog);
    const started = new Promise<void>((resolve) => {
      void audit.record({ actor: 'cli', action: 'thing.do' }, () => new Promise(() => resolve()));
    });
    await started;
    expect((await read(scene))[0]).toMatchObject({ actor: 'cli', action: 'thing.do', outcome: 'begun' });
  });

  it('is read page by page, for one account or all', async () => {
    const scene = await open();
    const audit = scene.harness.get(AuditLog);
    for (let step = 1; step <= 5; step += 1) {
      await audit.record({ actor: 'cli', action: 'thing.do', accountId: step % 2 ? 7 : 8, details: { step } }, async () => step);
    }
    const stepsOf = (entries: readonly Entry[]) => entries.map(({ details }) => details['step']);
    const first = await scene.sendAsOperator('GET', '/operations/audit?account_id=7&limit=2');
    expect(stepsOf(entriesOf(first))).toEqual([5, 3]);
    const rest = await scene.sendAsOperator(
      'GET',
      `/operations/audit?account_id=7&limit=2&before=${String(first.body.data['next_before'])}`,
    );
    expect(stepsOf(entriesOf(rest))).toEqual([1]);
    expect(rest.body.data['next_before']).toBeNull();
    expect(stepsOf(await read(scene, '?limit=3'))).toEqual([5, 4, 3]);
  });

  it('is purged of old actions', async () => {
    const scene = await open();
    const [entry] = await read(scene);
    const at = Date.parse(entry?.at ?? '');
    expect(await scene.harness.get(AuditStore).purge(at, 10)).toBe(0);
    expect(await scene.harness.get(AuditStore).purge(at + 1, 10)).toBe(1);
    expect(await read(scene)).toEqual([]);
  });
});
