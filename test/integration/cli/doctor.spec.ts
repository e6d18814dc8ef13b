import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { AccountStore, Database, IntegrationStore, SealedValueStore } from '#database';
import { Secret } from '#domain';
import { Keyring } from '#secrets';
import type { Finding } from '#sync';
import { startEmbeddedQueue } from '../../../apps/cli/src/supervisor/embedded-queue.js';
import { type Sandbox, startSandbox } from '../../../apps/sandbox/src/sandbox.js';
import { type CliOptions, runCli, runCliForJson } from '../../support/in-process-cli.js';
import { hasMariaDb, type MariaDbProcess, startMariaDb } from '../../support/mariadb-process.js';
import { openTestDatabases } from '../../support/test-databases.js';
import { itOnSmallDisk, mountSmallDisk } from '../../support/small-disk.js';

const ACCOUNT_ID = 32_000_001;
const databases = openTestDatabases('sqlite');
let sandbox: Sandbox;
let folder: string;
let database: Database;
let env: Record<string, string>;
const cleanUps: (() => unknown)[] = [];

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
  const location = await databases.createMigrated();
  if (location.kind !== 'sqlite') throw new Error('this suite uses SQLite');
  database = await databases.openAt(location);
  env = {
    DATA_DIR: join(folder, 'data'),
    DATABASE_URL: `sqlite:${location.path}`,
    PUBLIC_URL: 'https://sync.example.org',
    KOMMO_ORIGIN_OVERRIDE: sandbox.url,
    UNISENDER_URL: `${sandbox.url}/ru/api`,
  };
});

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs `doctor` and returns what it found about one check. */
async function diagnose(check: string, changes: Readonly<Record<string, string>> = {}, options: Partial<CliOptions> = {}) {
  const { exitCode, document } = await runCliForJson<{ findings: Finding[] }>(['doctor'], { env: { ...env, ...changes }, ...options });
  const finding = document.findings.find((each) => each.check === check && each.level !== 'ok');
  if (!finding) throw new Error(`nothing was found about ${check}: ${JSON.stringify(document.findings)}`);
  return { exitCode, text: `${finding.message} → ${finding.remedy ?? ''}`, subject: finding.subject };
}

const found = (text: string) => ({ exitCode: 1, text: expect.stringContaining(text) });

async function addAccount(): Promise<AccountStore> {
  await new IntegrationStore(database, systemClock).save({
    clientId: 'client',
    clientSecret: 'sealed',
    redirectUri: 'https://x.example',
    domain: null,
  });
  const accounts = new AccountStore(database, systemClock);
  await accounts.install({ accountId: ACCOUNT_ID, clientId: 'client', name: 'Shop', subdomain: 'shop', host: 'shop.kommo.com', apiDomain: null, accessScope: null }); // prettier-ignore
  return accounts;
}

describe('doctor names the cause and the remedy of', () => {
  it('a misspelt variable', async () => {
    expect(await diagnose('configuration', { KOMO_ALLOWED_DOMAINS: 'kommo.com' })).toMatchObject(
      found('Rename KOMO_ALLOWED_DOMAINS to KOMMO_ALLOWED_DOMAINS'),
    );
  });

  it('an invalid variable', async () => {
    expect(await diagnose('configuration', { PORT: 'eighty' })).toMatchObject(found('PORT must be a whole number from 0 to 65535'));
  });

  it('a database server that is down', async () => {
    const url = { DATABASE_URL: 'mysql://sync:secret@127.0.0.1:1/sync', ENCRYPTION_KEY: Buffer.alloc(32).toString('base64') };
    const finding = await diagnose('database', { ...url, OPERATOR_TOKEN: 'a-token-of-the-operator' });
    expect(finding).toMatchObject(found('(ECONNREFUSED) → Start the database server'));
    expect(finding.subject).toBe('127.0.0.1:1/sync');
  });

  it('an old schema', async () => {
    expect(await diagnose('migrations', { DATABASE_URL: `sqlite:${join(folder, 'empty.sqlite')}` })).toMatchObject(
      found('Run npm run migrate'),
    );
  });

  it('a newer schema', async () => {
    await database.execute("INSERT INTO migrations (timestamp, name) VALUES (1990000000000, 'Later1990000000000')");
    expect(await diagnose('migrations')).toMatchObject(found('newer than this version: Later1990000000000'));
  });

  it('an unfinished copy', async () => {
    await database.beginCopy();
    expect(await diagnose('migrations')).toMatchObject(found('Run the command that began the copy again'));
  });

  it('an embedded queue that does not run', async () => {
    expect(await diagnose('queue')).toMatchObject(found('Start the service'));
  });

  it('a queue server that is down', async () => {
    expect(await diagnose('queue', { BEANSTALK_URL: 'beanstalk://127.0.0.1:1' })).toMatchObject(found('Start beanstalkd'));
  });

  it('a missing worker and a paused tube', async () => {
    const queue = await startEmbeddedQueue({ dataDir: env['DATA_DIR'] ?? '', port: undefined });
    cleanUps.push(() => queue.close());
    expect(await diagnose('workers')).toMatchObject(found('Start a worker'));
    expect(await diagnose('schedules')).toMatchObject(found('Start a worker'));
  });

  it('a DATA_DIR that cannot be written', async () => {
    writeFileSync(join(folder, 'file'), '');
    expect(await diagnose('data_dir', { DATA_DIR: join(folder, 'file', 'data') })).toMatchObject(found('set DATA_DIR to another folder'));
  });

  it('a log folder that cannot be written', async () => {
    writeFileSync(join(folder, 'file'), '');
    expect(await diagnose('log_folder', { LOGS_FOLDER_PATH: join(folder, 'file', 'logs') })).toMatchObject(found('LOGS_FOLDER_PATH'));
  });

  itOnSmallDisk('a full disk', async () => {
    const mount = mkdtempSync(join(tmpdir(), 'small-disk-'));
    cleanUps.push(() => rmSync(mount, { recursive: true, force: true }));
    const unmount = mountSmallDisk(mount, 16 * 1_024 * 1_024);
    cleanUps.push(unmount);
    expect(await diagnose('disk', { DATA_DIR: mount })).toMatchObject(found('Free disk space'));
  });

  it('another encryption key', async () => {
    const keyring = new Keyring(Secret.of(Buffer.alloc(32, 9).toString('base64')));
    await new SealedValueStore(database).addCanary('first', keyring.encrypt('canary', 'anything'));
    expect(await diagnose('encryption_key')).toMatchObject(found(`encrypted with key ${keyring.currentKeyId}`));
  });

  it('a clock that is wrong', async () => {
    const clock = { nowMs: () => systemClock.nowMs() + 600_000, sleep: systemClock.sleep.bind(systemClock) };
    expect(await diagnose('clock', {}, { clock })).toMatchObject(found('Synchronise the clocks'));
  });

  it.each([
    ['a refused key', { unisenderBlock: 'invalid_api_key' }, 'unisender_key_refused → Save a key that Unisender accepts'],
    ['a missing webhook', { webhookState: 'missing' } as const, 'webhook_missing → Check that Kommo can reach PUBLIC_URL'],
  ])('%s', async (_name, patch, text) => {
    const accounts = await addAccount();
    await accounts.update(ACCOUNT_ID, patch);
    expect(await diagnose('accounts')).toMatchObject(found(text));
  });

  it('a PUBLIC_URL that Kommo cannot reach', async () => {
    expect(await diagnose('public_url', { PUBLIC_URL: 'http://localhost:8080' })).toMatchObject(found('Set PUBLIC_URL'));
  });

  it('a vendor that does not respond', async () => {
    expect(await diagnose('unisender', { UNISENDER_URL: 'http://127.0.0.1:1/ru/api' })).toMatchObject(found('Check the network'));
  });
});

describe('doctor for people', () => {
  it('prints what was found first, each with what to do, and a summary', async () => {
    const { exitCode, output } = await runCli(['doctor'], { env });
    expect(exitCode).toBe(1);
    expect(output).toMatch(/^ERROR {2}queue .*\n +What to do: Start the service/);
    expect(output).toMatch(/\d errors?, \d warnings?\.\n$/);
  });
});

describe.each(hasMariaDb() ? ['MariaDB'] : [])('doctor with %s', () => {
  let mariaDb: MariaDbProcess;
  beforeAll(async () => {
    mariaDb = await startMariaDb();
  });
  afterAll(() => mariaDb.stop());

  it('names a wrong password and an unknown database', async () => {
    const secrets = { ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'), OPERATOR_TOKEN: 'a-token-of-the-operator' };
    const place = `127.0.0.1:${mariaDb.port}`;
    const wrongPassword = await diagnose('database', { ...secrets, DATABASE_URL: `mysql://root:wrong@${place}/sync` });
    expect(wrongPassword).toMatchObject(found('(ER_ACCESS_DENIED_ERROR) → Correct user and password'));
    const unknown = await diagnose('database', { ...secrets, DATABASE_URL: `mysql://root:@${place}/unknown` });
    expect(unknown).toMatchObject(found('(ER_BAD_DB_ERROR) → Create the database'));
  });
});
