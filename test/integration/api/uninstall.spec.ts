import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { openTestDatabases } from '../../support/test-databases.js';
import { ApiScene, CLIENT_ID, CLIENT_SECRET } from './api-scene.js';

const ACCOUNT_ID = 501;
const signature = createHmac('sha256', CLIENT_SECRET).update(`${CLIENT_ID}|${ACCOUNT_ID}`).digest('hex');

describe('the uninstall call of Kommo', () => {
  const databases = openTestDatabases('sqlite');

  const open = async () => {
    const scene = await ApiScene.open({
      database: await databases.openAt(await databases.createMigrated()),
      config: { publicRateLimitPerMinute: 5 },
    });
    await scene.addAccount(ACCOUNT_ID);
    return scene;
  };

  const statusOf = async (scene: ApiScene) => {
    const { body } = await scene.sendAsOperator('GET', `/operations/accounts/${ACCOUNT_ID}`);
    return body.data['status'];
  };

  it.each(['client_uuid', 'client_id'])('R46: disconnects the account that its signature covers (%s)', async (name) => {
    const scene = await open();
    const response = await scene.send('GET', `/kommo/uninstall?${name}=${CLIENT_ID}&account_id=${ACCOUNT_ID}&signature=${signature}`);
    expect(response).toMatchObject({ status: 200, body: { status: 'success' } });
    expect(await statusOf(scene)).toBe('disconnected');
  });

  it('R46: changes nothing without the right signature, names missing fields, and is rate limited', async () => {
    const scene = await open();
    const send = (query: string) => scene.send('GET', `/kommo/uninstall?${query}`);
    expect(await send('account_id=1x')).toMatchObject({
      status: 400,
      body: { data: { fields: [{ field: 'account_id' }, { field: 'client_uuid' }, { field: 'signature' }] } },
    });
    const guess = `client_uuid=${CLIENT_ID}&account_id=${ACCOUNT_ID}&signature=${signature.replace(/^./, (digit) => (digit === 'a' ? 'b' : 'a'))}`;
    // The limit is one of a minute, and a minute may end between two attempts.
    const statuses: number[] = [];
    while (!statuses.includes(429) && statuses.length < 12) statuses.push((await send(guess)).status);
    expect(statuses.slice(0, -1).every((status) => status === 401)).toBe(true);
    expect(statuses.at(-1)).toBe(429);
    expect(await statusOf(scene)).toBe('active');
  });
});
