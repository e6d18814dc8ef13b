import { describe, expect, it } from '@jest/globals';
import { openTestDatabases } from '../../support/test-databases.js';
import { ApiScene } from './api-scene.js';

describe('the settings of an account', () => {
  const databases = openTestDatabases('sqlite');
  const path = '/accounts/7/settings';

  it('are read and changed by their names, without the key', async () => {
    const scene = await ApiScene.open({ database: await databases.open() });
    await scene.addAccount(7);
    expect(await scene.sendAsOperator('GET', path)).toMatchObject({
      status: 200,
      body: { data: { settings: { delete_policy: 'delete', address_kinds: ['WORK', 'PRIV', 'OTHER'], list_id: null }, run_id: null } },
    });
    const change = { exclude_tags: ['gone'], write_back: false };
    const preview = await scene.sendAsOperator('PATCH', `${path}?preview=1`, { body: change });
    expect(preview).toMatchObject({ status: 200, body: { data: { would_add: 0, would_remove: 0, run_id: null, settings: change } } });
    expect(await scene.sendAsOperator('GET', path)).toMatchObject({ body: { data: { settings: { exclude_tags: [], write_back: true } } } });
    const saved = await scene.sendAsOperator('PATCH', path, { body: change });
    expect(saved).toMatchObject({ status: 200, body: { data: { run_id: expect.any(String), settings: change } } });
    expect(await scene.sendAsOperator('GET', path)).toMatchObject({ body: { data: { settings: change } } });
    const form = { body: 'account_id=7&exclude_tags=a,b', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    expect(await scene.sendAsOperator('PATCH', path, form)).toMatchObject({ body: { data: { settings: { exclude_tags: ['a', 'b'] } } } });
  });

  it('are refused with the name of every bad field', async () => {
    const scene = await ApiScene.open({ database: await databases.open() });
    await scene.addAccount(7);
    const response = await scene.sendAsOperator('PATCH', path, { body: { delete_policy: 'burn', colour: 'red', fields: { '1': 'a b' } } });
    expect(response.status).toBe(400);
    expect(response.body.data.fields?.map(({ field }) => field)).toEqual(['delete_policy', 'colour', 'fields.1']);
    expect((await scene.sendAsOperator('PATCH', path, { body: [1] })).status).toBe(400);
    expect((await scene.sendAsOperator('GET', '/accounts/8/settings')).status).toBe(401);
    expect((await scene.send('PATCH', path, { body: {} })).status).toBe(401);
  });
});
