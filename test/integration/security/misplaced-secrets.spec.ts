import { beforeEach, describe, expect, it } from '@jest/globals';
import { AuditStore } from '#database';
import { openTestDatabases } from '../../support/test-databases.js';
import { ApiScene, type Method, OPERATOR } from '../api/api-scene.js';
import { listRoutes } from '../api/routes.js';

const ACCOUNT_ID = 501;

/** Secrets of several forms, none of which masking by form can recognise for certain. */
const SECRETS = ['hunter2pass', 'correcthorsebattery', 'k7f3q9x2m4b8v6n1', 'A'.repeat(30) + '9', '5f4dcc3b5aa765d61d8327deb882cf99'];

const FIELDS = [
  'account_id',
  'after',
  'before',
  'button',
  'client_id',
  'client_uuid',
  'delete',
  'domain',
  'email',
  'error',
  'id',
  'integration_id',
  'integrations_id',
  'limit',
  'mode',
  'page',
  'referer',
  'run_id',
  'unknown',
  'url',
  'z',
];

/** Its response does not end; it reads no field. */
const STREAM = '/operations/stream';

const ACCOUNT_FIELDS = ['id', 'account_id'];
const OTHER_FIELDS = FIELDS.filter((field) => !ACCOUNT_FIELDS.includes(field));

describe('S13: a secret in the wrong field', () => {
  const databases = openTestDatabases('sqlite');
  let scene: ApiScene;

  beforeEach(async () => {
    scene = await ApiScene.open({ database: await databases.open() });
    await scene.addAccount(ACCOUNT_ID);
  });

  const send = (method: Method, url: string, values: Readonly<Record<string, string>>) =>
    method === 'GET'
      ? scene.send(method, `${url}?${new URLSearchParams(values).toString()}`, { headers: OPERATOR })
      : scene.send(method, url, { headers: OPERATOR, body: values });

  /** The account, unless the path or a field has it, and the secret in each field. */
  const valuesOf = (path: string, fields: readonly string[], secret: string): Readonly<Record<string, string>> => ({
    ...(path.includes(':account_id') || fields.some((field) => ACCOUNT_FIELDS.includes(field)) ? {} : { id: String(ACCOUNT_ID) }),
    ...Object.fromEntries(fields.map((field) => [field, secret])),
  });

  /** Everything that the logs and the audit log have. */
  const collectTraces = async () => {
    const audit = await scene.harness.get(AuditStore).list({ limit: 10_000 });
    return JSON.stringify([scene.loggedRequests, scene.harness.logLines, audit]);
  };

  it.each(SECRETS)('is neither in the audit log nor in the request log (%s)', async (secret) => {
    const routes = listRoutes(scene).filter(
      ({ method, path }) => ['GET', 'POST', 'DELETE'].includes(method) && !path.includes(':token') && path !== STREAM,
    );
    expect(routes.length).toBeGreaterThan(20);
    for (const { method, path } of routes) {
      const url = path.replace(':run_id', '4f0e8f0e-0000-4000-8000-000000000000').replace(':account_id', String(ACCOUNT_ID));
      for (const fields of secret === SECRETS[0] ? [...FIELDS.map((field) => [field]), FIELDS] : [FIELDS, OTHER_FIELDS]) {
        await send(method as Method, url, valuesOf(path, fields, secret));
      }
    }
    expect(await collectTraces()).not.toContain(secret);
  });

  it('is not in the log when the request is accepted', async () => {
    const [secret = ''] = SECRETS;
    const body = { client_id: secret, client_secret: 'x', redirect_uri: 'https://sync.example.org/auth', domain: secret };
    expect((await scene.sendAsOperator('POST', '/integration', { body })).status).toBe(200);
    expect((await scene.sendAsOperator('GET', `/accounts?integration_id=${secret}&${secret}=1`)).status).toBe(200);
    expect((await scene.sendAsOperator('POST', '/integration', { body: { [secret]: 1 } })).status).toBe(400);
    expect(await collectTraces()).not.toContain(secret);
  });

  it('does not keep out what an operator looks for in the logs', async () => {
    const { body } = await scene.sendAsOperator('POST', '/sync/contacts', { body: { id: ACCOUNT_ID, mode: 'reconcile' } });
    const [audit] = await scene.harness.get(AuditStore).list({ limit: 1 });
    expect(audit).toMatchObject({ accountId: ACCOUNT_ID, details: { mode: 'reconcile' } });
    expect(scene.loggedRequests.at(-1)).toMatchObject({
      method: 'POST',
      path: '/sync/contacts',
      accountId: ACCOUNT_ID,
      input: { id: ACCOUNT_ID, mode: 'reconcile' },
      response: { status: 'success', code: 202, data: { run_id: body.data['run_id'], account_id: ACCOUNT_ID } },
    });
  });
});
