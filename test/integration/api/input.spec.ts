import { describe, expect, it } from '@jest/globals';
import { openTestDatabases } from '../../support/test-databases.js';
import { ApiScene, type ApiResponse } from './api-scene.js';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const JSON_TYPE = { 'content-type': 'application/json' };

const fieldsOf = ({ body }: ApiResponse) => (body.data.fields ?? []).map(({ field }) => field);

describe('input', () => {
  const databases = openTestDatabases('sqlite');
  const open = async () => ApiScene.open({ database: await databases.open() });

  describe('R42: a bad id', () => {
    const bad = [
      '1 OR 1=1',
      '1e3',
      '-1',
      '0',
      '01',
      '1.5',
      ' 1',
      '1 ',
      '0x10',
      '١',
      '9'.repeat(40),
      '99999999999999999',
      '',
      'null',
      "1'--",
    ];
    const queries = [...bad.map((id) => `id=${encodeURIComponent(id)}`), 'id[]=1', 'id%5B%5D=1', 'id=1&id=2', 'id[a]=1', ''];

    it.each(['/kommo/contacts', '/sync/runs', '/auth'])('is named in the error of GET %s', async (path) => {
      const scene = await open();
      await scene.saveIntegration();
      for (const query of queries) {
        const response = await scene.sendAsOperator('GET', `${path}?${query}`);
        expect({ query, status: response.status, fields: fieldsOf(response) }).toEqual({ query, status: 400, fields: ['id'] });
        expect(response.body).toMatchObject({ status: 'error', code: 400, message: expect.stringContaining('id must be') });
      }
    });

    it.each([
      ['POST', '/sync/contacts', 'id'],
      ['POST', '/unisender/contacts', 'id'],
      ['POST', '/widget', 'account_id'],
      ['POST', '/setup', 'account_id'],
    ] as const)('is named in the error of %s %s, in JSON and in a form', async (method, path, field) => {
      const scene = await open();
      await scene.saveIntegration();
      const values: unknown[] = [...bad, 1.5, -1, 1e300, true, null, [1], { a: 1 }];
      for (const value of values) {
        const response = await scene.sendAsOperator(method, path, { body: { [field]: value } });
        expect({ value, status: response.status, fields: fieldsOf(response) }).toMatchObject({
          value,
          status: 400,
          fields: expect.arrayContaining([field]),
        });
      }
      for (const body of [`${field}[]=1`, `${field}=1%20OR%201=1`, `${field}=1&${field}=2`]) {
        const response = await scene.sendAsOperator(method, path, { body, headers: FORM });
        expect({ body, status: response.status, fields: fieldsOf(response) }).toMatchObject({
          status: 400,
          fields: expect.arrayContaining([field]),
        });
      }
    });

    it('is named even while no integration is saved', async () => {
      const response = await (await open()).sendAsOperator('GET', '/kommo/contacts?id=1e3');
      expect(response).toMatchObject({ status: 400, body: { data: { fields: [{ field: 'id' }] } } });
    });

    it('is named when it is in the path', async () => {
      const response = await (await open()).sendAsOperator('GET', '/operations/accounts/1e3');
      expect({ status: response.status, fields: fieldsOf(response) }).toEqual({ status: 400, fields: ['account_id'] });
    });
  });

  it('is refused with every bad field named at once', async () => {
    const response = await (await open()).sendAsOperator('POST', '/setup', { body: { client_id: '', account_id: 'x', redirect_uri: 7 } });
    expect(response.status).toBe(400);
    expect(fieldsOf(response).sort()).toEqual(['account_id', 'client_id', 'client_secret', 'redirect_uri']);
    expect(response.body.message).toContain('client_secret must be');
  });

  it.each([
    [
      {
        integrations_id: 'abc',
        integrations_secret_key: 's',
        integrations_redirect_url: 'https://a.example/auth',
        integrations_domain: 'a.kommo.com',
      },
    ],
    [{ client_id: 'abc', secret_key: 's', url: 'https://a.example/auth' }],
  ])('is accepted under the names of the predecessors: %j', async (body) => {
    const scene = await open();
    const form = new URLSearchParams(body).toString();
    expect(await scene.sendAsOperator('POST', '/integration', { body })).toMatchObject({
      status: 200,
      body: { data: { client_id: 'abc' } },
    });
    expect((await scene.sendAsOperator('POST', '/setup', { body: `${form}&account_id=7`, headers: FORM })).body).toMatchObject({
      status: 'success',
      data: { account_id: 7 },
    });
  });

  it.each(['5', '"x"', '[]', '[{"id":1}]', 'null', 'true', '{', '{"id":'])('is refused as the JSON body %s', async (body) => {
    const scene = await open();
    const response = await scene.sendAsOperator('POST', '/integration', { body, headers: JSON_TYPE });
    expect(response).toMatchObject({ status: 400, body: { status: 'error', code: 400 } });
  });

  it('is refused with another type of body', async () => {
    const response = await (await open()).sendAsOperator('POST', '/integration', { body: '<a/>', headers: { 'content-type': 'text/xml' } });
    expect(response).toMatchObject({ status: 415, body: { status: 'error', code: 415 } });
  });

  it('is refused when all fields are missing', async () => {
    const scene = await open();
    for (const [method, path] of [
      ['POST', '/integration'],
      ['POST', '/setup'],
      ['POST', '/sync/contacts'],
      ['POST', '/widget'],
      ['POST', '/unisender/contacts'],
    ] as const) {
      await scene.saveIntegration();
      expect((await scene.sendAsOperator(method, path)).status).toBe(400);
    }
  });

  it.each([
    ['first=200&second=300', 200, [500]],
    ['a=0.5&b=-1&c=2', 200, [1.5]],
    ['first=200', 400, undefined],
    ['', 400, undefined],
    ['first=200&second=x', 400, undefined],
    ['first[]=1&second=2', 400, undefined],
    ['first=1e999&second=2', 400, undefined],
    ['first=%zz&second=2', 400, undefined],
  ])('to GET /sum?%s gets the status %i', async (query, status, sum) => {
    const response = await (await open()).send('GET', `/sum?${query}`);
    expect(response.status).toBe(status);
    if (sum) expect(response.body).toEqual({ status: 'success', data: sum, code: 200, message: '' });
  });

  it('gets 423 while no integration is saved, and 401 for an account that is not authorised', async () => {
    const scene = await open();
    const calls = [
      ['GET', '/kommo/contacts?id=7'],
      ['GET', '/unisender/contacts?id=7&z=a@example.org'],
      ['POST', '/unisender/contacts', { id: 7, emails: ['a@example.org'] }],
      ['POST', '/sync/contacts', { id: 7 }],
    ] as const;
    for (const [method, path, body] of calls) expect((await scene.sendAsOperator(method, path, body ? { body } : {})).status).toBe(423);
    await scene.saveIntegration();
    for (const [method, path, body] of calls) {
      const response = await scene.sendAsOperator(method, path, body ? { body } : {});
      expect(response).toMatchObject({ status: 401, body: { message: expect.stringContaining('/auth?id=7') } });
    }
  });

  it.each([
    ['/sync/contacts', { id: 7, mode: null }, 'mode'],
    ['/operations/erase', { email: 'a@example.org', account_id: null }, 'account_id'],
  ])('is refused when POST %s gets a null for a choice', async (path, body, field) => {
    const scene = await open();
    await scene.addAccount(7);
    const response = await scene.sendAsOperator('POST', path, { body });
    expect({ status: response.status, fields: fieldsOf(response) }).toEqual({ status: 400, fields: [field] });
  });

  it('is refused with every bad e-mail address named', async () => {
    const scene = await open();
    await scene.addAccount(7);
    const response = await scene.sendAsOperator('POST', '/unisender/contacts', {
      body: { id: 7, emails: ['a@example.org', 'nonsense', 5] },
    });
    expect(response.status).toBe(400);
    expect(fieldsOf(response)).toEqual(['emails[1]', 'emails[2]']);
  });

  it('is refused with more than 80,000 e-mail addresses', async () => {
    const scene = await open();
    await scene.addAccount(7);
    const response = await scene.sendAsOperator('POST', '/unisender/contacts', { body: { id: 7, emails: 'a@b.co,'.repeat(500_000) } });
    expect(response.body).toMatchObject({
      code: 400,
      data: { fields: [{ field: 'emails', problem: 'must have at most 80000 addresses' }] },
    });
  });

  it('gets 404 in the envelope for unknown routes and ids', async () => {
    const scene = await open();
    for (const [method, path] of [
      ['GET', '/nowhere'],
      ['GET', '/sync/contacts/none'],
      ['DELETE', '/sync/contacts/none'],
      ['POST', '/sync/contacts/none/confirm'],
      ['GET', '/operations/accounts/9'],
    ] as const) {
      expect(await scene.sendAsOperator(method, path)).toMatchObject({ status: 404, body: { status: 'error', code: 404 } });
    }
  });

  it('gets 405 with the methods of the URL for a method that it does not take', async () => {
    const scene = await open();
    for (const [method, path, allow] of [
      ['POST', '/sum', 'GET, HEAD'],
      ['DELETE', '/sync/contacts', 'POST'],
      ['POST', '/sync/contacts/some-run', 'DELETE, GET, HEAD'],
      ['GET', '/webhook/some-token', 'POST'],
    ] as const) {
      const refused = await scene.sendAsOperator(method, path);
      expect(refused).toMatchObject({ status: 405, headers: { allow }, body: { code: 405, data: { error: 'method_not_allowed' } } });
    }
  });

  it('gets 409 with the id of the active run when it starts a second run of an account', async () => {
    const scene = await open();
    await scene.addAccount(7);
    const started = await scene.sendAsOperator('POST', '/sync/contacts', { body: 'id=7&mode=reconcile', headers: FORM });
    expect(started).toMatchObject({
      status: 202,
      body: { status: 'success', data: { account_id: 7, mode: 'reconcile', state: 'queued' } },
    });
    const { run_id } = started.body.data;
    expect(await scene.sendAsOperator('POST', '/sync/contacts', { body: { id: 7 } })).toMatchObject({
      status: 409,
      body: { data: { run_id } },
    });
    expect(await scene.sendAsOperator('POST', `/sync/contacts/${String(run_id)}/confirm`)).toMatchObject({ status: 409 });
    expect(await scene.sendAsOperator('GET', '/sync/runs?id=7')).toMatchObject({ status: 200, body: { data: { runs: [{ run_id }] } } });
    expect(await scene.sendAsOperator('DELETE', `/sync/contacts/${String(run_id)}`)).toMatchObject({
      status: 200,
      body: { data: { state: 'cancelled' } },
    });
    expect(await scene.sendAsOperator('GET', `/sync/contacts/${String(run_id)}`)).toMatchObject({
      status: 200,
      body: { data: { state: 'cancelled' } },
    });
  });

  it('gets 500 with a correlation id that is in the log, and no internal text, when the service fails', async () => {
    const database = await databases.open();
    const scene = await ApiScene.open({ database, queue: { listTubeStatistics: () => Promise.reject(new Error('secret internals')) } });
    const response = await scene.sendAsOperator('GET', '/operations/queues');
    expect(response).toMatchObject({
      status: 500,
      body: { status: 'error', code: 500, data: { correlation_id: expect.stringMatching(/^[0-9a-f-]{36}$/) } },
    });
    expect(response.text).not.toContain('secret internals');
    expect(scene.harness.logLines.join('\n')).toContain(String(response.body.data['correlation_id']));
  });
});
