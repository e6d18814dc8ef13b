import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { Database } from '#database';
import { Keyring } from '#secrets';
import { lockDataDir } from '../../../apps/cli/src/supervisor/data-dir-lock.js';
import { BuiltProcess, eventually } from '../../support/built-process.js';
import { runCli, runCliForJson } from '../../support/in-process-cli.js';
import { LARGE_ACCOUNT_ID, fillLargeAccount } from '../../support/large-account.js';
import { PairedWriter, countPairs } from '../../support/paired-writer.js';
import { itOnSmallDisk, mountSmallDisk } from '../../support/small-disk.js';
import { ENCRYPTION_KEY } from '../../support/sync-harness.js';

const CONTACTS = 100_000;

interface BackupDocument {
  readonly file: string;
  readonly tables: readonly { readonly name: string; readonly rows: number; readonly checksum: string }[];
  readonly secrets: readonly string[];
}

interface RestoreDocument {
  readonly replaced_in: string | null;
  readonly tokens: { readonly taken: number[]; readonly lost: number[]; readonly unknown: number[] };
  readonly reconciled: number[];
}

describe('backup and restore with SQLite', () => {
  const root = mkdtempSync(join(tmpdir(), 'backup-'));
  const source = join(root, 'source');
  const small = join(root, 'small');
  const smallBackup = join(root, 'small.backup');
  let dataDir = '';
  let folders = 0;
  let backup: BackupDocument;
  const envOf = (folder: string) => ({ DATA_DIR: folder, LOGS_FOLDER_PATH: 'none' });
  const open = (folder: string) => Database.open({ kind: 'sqlite', path: join(folder, 'sync.sqlite') }, { clock: systemClock });
  const restore = (file = backup.file, folder = dataDir) => runCliForJson<RestoreDocument>(['restore', file], { env: envOf(folder) });

  const createInstallation = (folder: string) => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'encryption.key'), `${ENCRYPTION_KEY.reveal()}\n`, { mode: 0o600 });
  };

  async function inDatabase<Result>(folder: string, work: (database: Database) => Promise<Result>): Promise<Result> {
    const database = await open(folder);
    return work(database).finally(() => database.close());
  }

  const countContacts = (folder: string) =>
    inDatabase(folder, async (database) => (await database.query<{ total: number }>('SELECT count(*) AS total FROM contacts'))[0]?.total);

  async function fillInstallation(folder: string, contacts: number): Promise<void> {
    createInstallation(folder);
    await inDatabase(folder, async (database) => {
      await database.migrate();
      await fillLargeAccount(database, contacts);
    });
  }

  beforeAll(async () => {
    await fillInstallation(small, 100);
    await runCli(['backup', '--to', smallBackup], { env: envOf(small) });
    await fillInstallation(source, CONTACTS);
    const database = await open(source);
    const writer = new PairedWriter(database);
    await eventually('the first pairs', () => writer.pairs > 3);
    backup = (await runCliForJson<BackupDocument>(['backup', '--to', root], { env: envOf(source) })).document;
    await writer.stop();
    await database.close();
  });

  beforeEach(() => {
    dataDir = join(root, `data-${(folders += 1)}`);
    createInstallation(dataDir);
  });

  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('a backup contains the key, is readable for its owner only, and leaves no other file', () => {
    expect(backup.secrets).toEqual(['encryption.key']);
    expect(statSync(backup.file).mode & 0o777).toBe(0o600);
    expect(readdirSync(root).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('a restore on a new machine has the database of one moment, brings the key, opens a gap for each account, and names the accounts with doubtful tokens', async () => {
    rmSync(join(dataDir, 'encryption.key'));
    const { document } = await restore();
    expect(document).toMatchObject({ replaced_in: null, tokens: { taken: [], lost: [], unknown: [LARGE_ACCOUNT_ID] } });
    expect(document.reconciled).toEqual([LARGE_ACCOUNT_ID]);
    const pairs = await inDatabase(dataDir, countPairs);
    expect(pairs).toBeGreaterThan(3);
    expect(pairs).toBeLessThanOrEqual(await inDatabase(source, countPairs));
    expect(await countContacts(dataDir)).toBe(backup.tables.find(({ name }) => name === 'contacts')?.rows);
    expect(readFileSync(join(dataDir, 'encryption.key'), 'utf8').trim()).toBe(ENCRYPTION_KEY.reveal());
    const [account] = await inDatabase(dataDir, (database) => database.query('SELECT gap_cause FROM accounts WHERE gap_at > 0'));
    expect(account).toEqual({ gap_cause: 'restored from a backup' });
    const secrets = await inDatabase(dataDir, (database) => database.query("SELECT name FROM sqlite_master WHERE name LIKE 'backup%'"));
    expect(secrets).toEqual([]);
    expect(await runCli(['accounts'], { env: envOf(dataDir) })).toMatchObject({ exitCode: 0 });
  });

  it('a restore is killed at its beginning and at its end: the database is the old or the new one, and the next run completes it', async () => {
    await restore(smallBackup);
    await inDatabase(dataDir, async (database) => {
      const keyring = new Keyring(ENCRYPTION_KEY);
      const seal = (column: string) => keyring.encrypt('renewed', `accesses.${column}:${LARGE_ACCOUNT_ID}`);
      await database.execute('DELETE FROM contacts WHERE contact_id <> 1');
      await database.execute('UPDATE accesses SET access_token = ?, refresh_token = ?, refreshed_at = 5', [seal('access_token'), seal('refresh_token')]); // prettier-ignore
    });
    const isStaged = () => existsSync(join(dataDir, 'restoring', 'restored.sqlite'));
    const isReplaced = () => readdirSync(dataDir).some((name) => name.startsWith('replaced-'));
    for (const isReached of [isStaged, isReplaced]) {
      const child = new BuiltProcess({ entry: 'apps/cli/src/main.js', args: ['restore', backup.file], cwd: root, env: envOf(dataDir) });
      await eventually('the moment of the kill', () => isReached() || child.exitCode !== undefined);
      child.signal('SIGKILL');
      await child.waitForExit();
      expect([1, backup.tables.find(({ name }) => name === 'contacts')?.rows]).toContain(await countContacts(dataDir));
    }
    const { exitCode, document } = await restore();
    expect(exitCode).toBe(0);
    expect(document.tokens).toMatchObject({ lost: [], unknown: [] });
    const [access] = await inDatabase(dataDir, (database) =>
      database.query<{ refresh_token: string }>('SELECT refresh_token FROM accesses'),
    );
    const token = new Keyring(ENCRYPTION_KEY).decrypt(access?.refresh_token ?? '', `accesses.refresh_token:${LARGE_ACCOUNT_ID}`);
    expect(token.reveal()).toBe('renewed');
    expect(existsSync(join(document.replaced_in ?? '', 'sync.sqlite'))).toBe(true);
    expect(existsSync(join(dataDir, 'restoring'))).toBe(false);
  });

  it('a restore refuses damaged, cut, foreign and newer files and changes nothing', async () => {
    const before = readFileSync(join(small, 'sync.sqlite'));
    const spoil = (name: string, change: (file: string) => void) => {
      const file = join(root, name);
      copyFileSync(smallBackup, file);
      change(file);
      return file;
    };
    const replaceText = (from: string, to: string) => (file: string) =>
      writeFileSync(file, Buffer.from(readFileSync(file, 'latin1').replace(from, to), 'latin1'));
    const damaged = spoil('damaged', replaceText('person7@example.org', 'person8@example.net'));
    const cut = spoil('cut', (file) => truncateSync(file, statSync(file).size - 8_192));
    const foreign = spoil('foreign', (file) => writeFileSync(file, 'no database'));
    for (const [file, reason] of [
      [damaged, 'damaged|checksum'],
      [cut, 'damaged'],
      [foreign, 'damaged'],
    ] as const) {
      // prettier-ignore
      const { exitCode, errors } = await runCli(['restore', file], { env: envOf(small) });
      expect({ file, exitCode }).toEqual({ file, exitCode: 77 });
      expect(errors).toMatch(new RegExp(`The backup cannot be used: .*(${reason})`));
    }
    await inDatabase(small, (database) => database.execute("INSERT INTO migrations (timestamp, name) VALUES (1, 'Later')"));
    const newer = (await runCliForJson<BackupDocument>(['backup', '--to', join(root, 'newer.backup')], { env: envOf(small) })).document;
    await inDatabase(small, (database) => database.execute("DELETE FROM migrations WHERE name = 'Later'"));
    expect(await runCli(['restore', newer.file], { env: envOf(small) })).toMatchObject({ exitCode: 78, errors: expect.stringContaining('newer version') }); // prettier-ignore
    expect(before.length).toBe(statSync(join(small, 'sync.sqlite')).size);
    expect(readdirSync(small).filter((name) => /^(replaced|restoring)/.test(name))).toEqual([]);
  });

  it('a restore is refused while the service runs, and with another encryption key', async () => {
    const lock = lockDataDir(dataDir, new Date(systemClock.nowMs()).toISOString());
    const held = await runCli(['restore', backup.file], { env: envOf(dataDir) });
    lock.release();
    expect(held).toMatchObject({ exitCode: 78, errors: expect.stringContaining(`process ${process.pid}`) });
    const env = { ...envOf(dataDir), ENCRYPTION_KEY: Buffer.alloc(32, 3).toString('base64') };
    expect(await runCli(['restore', smallBackup], { env })).toMatchObject({ exitCode: 78, errors: expect.stringContaining('encrypted with key') }); // prettier-ignore
    expect(existsSync(join(dataDir, 'sync.sqlite'))).toBe(false);
  });

  itOnSmallDisk('a backup on a full disk says so and leaves nothing behind', async () => {
    const mount = join(root, 'small-disk');
    mkdirSync(mount);
    const unmount = mountSmallDisk(mount, 8 * 1_024 * 1_024);
    try {
      const { exitCode, errors } = await runCli(['backup', '--to', mount], { env: envOf(source) });
      expect({ exitCode, errors }).toEqual({
        exitCode: 78,
        errors: `Error: ${mount} cannot be used (ENOSPC)\nWhat to do: Free disk space.\n`,
      });
      expect(readdirSync(mount)).toEqual([]);
    } finally {
      unmount();
    }
  });

  it('an upgrade copies the database first, keeps the last three copies, and a restore goes back to one', async () => {
    await restore(smallBackup);
    const forget = () => inDatabase(dataDir, (database) => database.execute('DELETE FROM migrations'));
    for (const version of ['0.0.1', '0.0.2', '0.0.3']) writeFileSync(join(dataDir, `sync.sqlite.before-${version}`), '');
    await forget();
    const { exitCode, document } = await runCliForJson<{ copy: string }>(['migrate'], { env: envOf(dataDir) });
    expect(exitCode).toBe(0);
    expect(document.copy).toMatch(/sync\.sqlite\.before-\d+\.\d+\.\d+$/);
    expect(readdirSync(dataDir).filter((name) => name.includes('.before-'))).toHaveLength(3);
    await inDatabase(dataDir, (database) => database.execute('DELETE FROM contacts'));
    expect(await restore(document.copy)).toMatchObject({ exitCode: 0, document: { tokens: { lost: [], unknown: [] } } });
    expect(await countContacts(dataDir)).toBeGreaterThan(100);
    expect(await runCli(['migrate'], { env: envOf(dataDir) })).toMatchObject({ output: 'The database schema is up to date.\n' });
  });
});
