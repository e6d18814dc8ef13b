import { beforeEach, describe, expect, it } from '@jest/globals';
import { AccountStore, Database } from '#database';
import { accountStatuses } from '#domain';
import { openTestDatabases } from '../../support/test-databases.js';
import { ApiScene, CLIENT_ID } from '../api/api-scene.js';

const KNOWN = 501;
const UNKNOWN = 999;

describe('S14: the beginning of a consent', () => {
  const databases = openTestDatabases('sqlite');
  let scene: ApiScene;

  beforeEach(async () => {
    scene = await ApiScene.open({ database: await databases.open() });
    await scene.addAccount(KNOWN);
    const body = { client_id: 'another-integration', client_secret: 's', redirect_uri: 'https://sync.example.org/auth' };
    await scene.sendAsOperator('POST', '/integration', { body });
  });

  /** What an observer sees, without what is random in every response. */
  async function observe(query: string) {
    const { status, headers, text } = await scene.send('GET', `/auth?${query}`);
    const hide = (value: string) => value.replaceAll(/state=[^&"]+/g, 'state=*').replaceAll(/data-state="[^"]+"/g, 'data-state="*"');
    const { date: _date, 'content-length': _length, location = '', ...rest } = headers;
    const body = hide(text).replaceAll(String(KNOWN), '*').replaceAll(String(UNKNOWN), '*');
    return { status, headers: rest, location: hide(String(location)), body };
  }

  it.each(['', '&button=1', `&client_id=${CLIENT_ID}`, '&client_id=unknown', '&referer=company.kommo.com'])(
    'looks alike for a known and an unknown account (%s)',
    async (query) => {
      const unknown = await observe(`id=${UNKNOWN}${query}`);
      expect([200, 302]).toContain(unknown.status);
      for (const status of accountStatuses) {
        await scene.harness.get(AccountStore).setStatus(KNOWN, status);
        expect(await observe(`id=${KNOWN}${query}`)).toEqual(unknown);
      }
    },
  );

  it('asks the database the same number of times for a known and an unknown account', async () => {
    const database = scene.harness.get(Database);
    const run = database.run.bind(database);
    let calls = 0;
    Object.assign(database, { run: (work: Parameters<typeof run>[0]) => ((calls += 1), run(work)) });
    const count = async (id: number) => {
      calls = 0;
      await scene.send('GET', `/auth?id=${id}`);
      return calls;
    };
    await count(KNOWN);
    expect(await count(UNKNOWN)).toBe(await count(KNOWN));
  });

  it('stores nothing, however often anyone asks', async () => {
    for (let round = 0; round < 20; round += 1) await scene.send('GET', `/auth?id=${round + 1}`);
    expect(await scene.harness.get(Database).query('SELECT nonce FROM auth_states')).toEqual([]);
    expect(await scene.harness.get(AccountStore).list({ limit: 10 })).toHaveLength(1);
  });
});
