import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AccessStore, AccountStore, AlertStore, type Database, type DatabaseLocation } from '#database';
import { Integrations } from '#sync';
import { type Sandbox, startSandbox } from '../../apps/sandbox/src/sandbox.js';
import { ACCOUNT_ID, defaultIntegration, installAccount, InstallScene } from '../integration/install/install-scene.js';
import { eventually } from '../support/built-process.js';
import { RacingProcess } from '../support/racing-process.js';
import { SandboxControl } from '../support/sandbox-control.js';
import { createHarness, type Harness } from '../support/sync-harness.js';
import { openTestDatabases, testDatabaseKinds } from '../support/test-databases.js';

const ROUNDS = 20;
const TOKEN_PATH = '/oauth2/access_token';
/** Longer than an alert waits for its delivery. */
const ALERT_DUE_MS = 62_000;

const urlOf = (location: DatabaseLocation): string =>
  location.kind === 'sqlite'
    ? `sqlite:${location.path}`
    : `mysql://${location.user}:${location.password.reveal()}@${location.host}:${location.port}/${location.database}`;

describe.each(testDatabaseKinds())('processes that share an account on %s', (kind) => {
  const databases = openTestDatabases(kind);
  const racers: RacingProcess[] = [];
  let sandbox: Sandbox;
  let control: SandboxControl;
  let folder: string;
  let env: Record<string, string>;
  let harness: Harness;
  let database: Database;

  beforeAll(async () => {
    sandbox = await startSandbox();
    control = new SandboxControl(sandbox.url);
    folder = await mkdtemp(join(tmpdir(), 'race-'));
  });

  afterAll(async () => {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    const scene = new InstallScene(control);
    await scene.begin();
    const location = await databases.createMigrated();
    database = await databases.openAt(location);
    harness = await createHarness({ database, sandbox });
    await harness.get(Integrations).save(defaultIntegration);
    await installAccount(harness, scene);
    await control.forgetCalls();
    env = {
      NODE_ENV: 'test',
      DATA_DIR: folder,
      DATABASE_URL: urlOf(location),
      ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      OPERATOR_TOKEN: 'operator-token-of-the-tests-0123456789',
      KOMMO_ORIGIN_OVERRIDE: sandbox.url,
      KOMMO_REQUESTS_PER_SECOND: '100000',
      KOMMO_ACCOUNT_REQUESTS_PER_SECOND: '100000',
    };
  });

  afterEach(async () => {
    await Promise.all(racers.splice(0).map((racer) => racer.stop()));
  });

  const startRacer = async (): Promise<RacingProcess> => {
    const racer = await RacingProcess.start(env, folder);
    racers.push(racer);
    return racer;
  };
  /** The lock of a killed process ends 20 s after its begin by the database's clock: this is as if they had passed. */
  const expireLock = () => database.execute('UPDATE accesses SET refresh_until = 1 WHERE account_id = ?', [ACCOUNT_ID]);
  const tokenCalls = () => control.calls(TOKEN_PATH);
  const statusOf = async () => (await harness.get(AccountStore).find(ACCOUNT_ID))?.status;

  it.each(['A', 'B'])(
    `R25: two processes that race for one refresh ${ROUNDS} times make ${ROUNDS} calls (rotation %s)`,
    async (rotation) => {
      await control.set({ 'kommo.rotation': rotation });
      const [one, other] = [await startRacer(), await startRacer()];
      for (let round = 0; round < ROUNDS; round += 1) {
        await control.post(`/kommo/accounts/${ACCOUNT_ID}/expire`);
        const results = await Promise.all([one.useToken(ACCOUNT_ID), other.useToken(ACCOUNT_ID)]);
        expect(results).toEqual([{ accountId: ACCOUNT_ID }, { accountId: ACCOUNT_ID }]);
      }
      const calls = await tokenCalls();
      expect(calls.filter(({ status }) => status !== 200)).toEqual([]);
      expect(calls).toHaveLength(ROUNDS);
      expect((await harness.get(AccessStore).find(ACCOUNT_ID))?.version).toBe(1 + ROUNDS);
    },
  );

  const killBetweenResponseAndCommit = async (): Promise<void> => {
    await control.post(`/kommo/accounts/${ACCOUNT_ID}/expire`);
    await control.fault({ target: 'kommo', kind: 'timeout', match: TOKEN_PATH, times: 1, applied: 'after' });
    const victim = await startRacer();
    const neverResponds = victim.useToken(ACCOUNT_ID).catch(() => undefined);
    await eventually('a refresh call without its response', async () => (await tokenCalls()).length > 0);
    await victim.kill();
    await neverResponds;
  };

  it('R26: a process refreshes with the old token again after another was killed between response and commit', async () => {
    await killBetweenResponseAndCommit();
    const successor = await startRacer();
    expect(await successor.useToken(ACCOUNT_ID)).toEqual({ code: 'token_refresh_busy' });
    await expireLock();
    expect(await successor.useToken(ACCOUNT_ID)).toEqual({ accountId: ACCOUNT_ID });
    expect(await tokenCalls()).toHaveLength(2);
    expect(await statusOf()).toBe('active');
  });

  it('R26: if Kommo has revoked the old token, the account is marked once, raises one alert and gets no further calls', async () => {
    await control.set({ 'kommo.rotation': 'B' });
    await killBetweenResponseAndCommit();
    const successors = [await startRacer(), await startRacer()];
    await expireLock();
    const results = await Promise.all(successors.map((successor) => successor.useToken(ACCOUNT_ID)));
    expect(results).toEqual([{ code: 'reauthorization_required' }, { code: 'reauthorization_required' }]);
    expect(await tokenCalls()).toHaveLength(2);
    expect(await statusOf()).toBe('reauthorization_required');
    harness.clock.advance(ALERT_DUE_MS);
    expect(await harness.get(AlertStore).listDue(10)).toMatchObject([
      { kind: 'account_reauthorization_required', accountId: ACCOUNT_ID, occurrences: 1 },
    ]);
    await control.forgetCalls();
    await Promise.all(successors.map((successor) => successor.useToken(ACCOUNT_ID)));
    expect(await control.calls()).toEqual([]);
  });
});
