import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { Database, type MysqlLocation } from '#database';
import { lockDataDir } from '../../../apps/cli/src/supervisor/data-dir-lock.js';
import { BuiltProcess, eventually } from '../../support/built-process.js';
import { runCli, runCliForJson } from '../../support/in-process-cli.js';
import { LARGE_ACCOUNT_ID, fillLargeAccount } from '../../support/large-account.js';
import { PairedWriter, countPairs } from '../../support/paired-writer.js';
import { ENCRYPTION_KEY } from '../../support/sync-harness.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

const CONTACTS = 100_000;

const secrets = { ENCRYPTION_KEY: ENCRYPTION_KEY.reveal(), OPERATOR_TOKEN: 'operator-token-of-the-tests' };

interface Document {
  readonly already_complete: boolean;
  readonly tables: readonly { readonly name: string; readonly rows: number; readonly inserted: number }[];
  readonly settings: readonly string[];
}

const run = testDatabaseKinds().includes('mysql') ? describe : describe.skip;

run('migrate-to, backup and restore with MariaDB', () => {
  const databases = openTestDatabases('mysql');
  const folder = mkdtempSync(join(tmpdir(), 'migrate-to-'));
  const env = { DATA_DIR: folder, LOGS_FOLDER_PATH: 'none' };
  let target: MysqlLocation;
  const toUrl = ({ host, port, user, database }: MysqlLocation) => `mysql://${user}@${host}:${port}/${database}`;
  const migrateTo = (url: string) => runCliForJson<Document>(['migrate-to', url], { env });
  const createTarget = async () => (await databases.createEmpty()) as MysqlLocation;
  const openSource = () => databases.openAt({ kind: 'sqlite', path: join(folder, 'sync.sqlite') });

  beforeAll(async () => {
    writeFileSync(join(folder, 'encryption.key'), `${ENCRYPTION_KEY.reveal()}\n`, { mode: 0o600 });
    const source = await Database.open({ kind: 'sqlite', path: join(folder, 'sync.sqlite') }, { clock: systemClock });
    await source.migrate();
    await fillLargeAccount(source, CONTACTS);
    await source.close();
    target = await createTarget();
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is killed in the middle; every process refuses the unfinished copy; the next run continues it', async () => {
    const child = new BuiltProcess({ entry: 'apps/cli/src/main.js', args: ['migrate-to', toUrl(target)], cwd: folder, env });
    const countContacts = async () => {
      const rows = await databases.server()?.query(`SELECT count(*) AS total FROM ${target.database}.contacts`);
      return Number(rows?.[0]?.['total']);
    };
    await eventually('a part of the contacts', async () => (await countContacts()) > CONTACTS / 10);
    child.signal('SIGKILL');
    await child.waitForExit();
    const copied = await countContacts();
    expect(copied).toBeLessThan(CONTACTS);

    const refused = await runCli(['accounts'], { env: { ...env, DATABASE_URL: toUrl(target), ...secrets } });
    expect(refused).toMatchObject({ exitCode: 78, errors: expect.stringContaining('The copy into the database is unfinished') });

    const { exitCode, document } = await migrateTo(toUrl(target));
    expect({ exitCode, wasComplete: document.already_complete }).toEqual({ exitCode: 0, wasComplete: false });
    const contacts = document.tables.find(({ name }) => name === 'contacts');
    expect(contacts?.rows).toBeGreaterThan(CONTACTS);
    expect(contacts?.inserted).toBe((contacts?.rows ?? 0) - copied);
    expect(document.settings).toEqual(['DATABASE_URL', 'ENCRYPTION_KEY', 'OPERATOR_TOKEN']);
  });

  it('copies sealed values, numbers, booleans and texts as they are, and compares e-mail addresses byte by byte', async () => {
    const [source, copy] = [await openSource(), await databases.openAt(target)];
    const statements = [
      'SELECT * FROM integrations',
      'SELECT * FROM accounts',
      'SELECT * FROM accesses',
      'SELECT * FROM contacts WHERE contact_id > 99998 ORDER BY contact_id',
      "SELECT * FROM addresses WHERE email IN ('ANNA@example.org', 'Anna@example.org', 'anna@example.org') ORDER BY email",
    ];
    for (const statement of statements) {
      const rows = await source.query(statement);
      expect(rows.length).toBeGreaterThan(0);
      expect(await copy.query(statement)).toEqual(rows);
    }
    expect(await copy.query('SELECT email FROM addresses WHERE email = ?', ['ANNA@example.org'])).toEqual([{ email: 'ANNA@example.org' }]);
    const types = await source.query<{ type: string }>(
      "SELECT DISTINCT c.type FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT IN ('migrations', 'sqlite_sequence')", // prettier-ignore
    );
    expect(types.length).toBeGreaterThan(3);
    expect(types.filter(({ type }) => !/^(bigint|integer|boolean|text|varchar)(\(\d+\))?$/i.test(type))).toEqual([]);
  });

  it('says that a copy is complete when it runs again', async () => {
    const { output, exitCode } = await runCli(['migrate-to', toUrl(target)], { env });
    expect(exitCode).toBe(0);
    expect(output).toContain('The target already has every row; nothing was copied.');
    expect(output).toContain(`ENCRYPTION_KEY: the content of ${join(folder, 'encryption.key')}`);
  });

  it('makes a backup of one moment while the service writes, which an empty database receives', async () => {
    const mysqlEnv = (location: MysqlLocation) => ({ ...env, ...secrets, DATABASE_URL: toUrl(location) });
    const service = await databases.openAt(target);
    const writer = new PairedWriter(service);
    await eventually('the first pairs', () => writer.pairs > 3);
    const file = join(folder, 'mysql.backup');
    const made = await runCliForJson<Document>(['backup', '--to', file], { env: mysqlEnv(target) });
    await writer.stop();
    expect(made).toMatchObject({ exitCode: 0, document: { database: 'mysql', secrets: [] } });

    const empty = await createTarget();
    const restored = await runCliForJson(['restore', file], { env: mysqlEnv(empty) });
    expect(restored).toMatchObject({ exitCode: 0, document: { tokens: { unknown: [LARGE_ACCOUNT_ID] }, reconciled: [LARGE_ACCOUNT_ID] } });
    const copy = await databases.openAt(empty);
    const pairs = await countPairs(copy);
    expect(pairs).toBeGreaterThan(3);
    expect(pairs).toBeLessThanOrEqual(writer.pairs);
    const [contacts] = await copy.query<{ total: number }>('SELECT count(*) AS total FROM contacts');
    expect(contacts?.total).toBe(made.document.tables.find(({ name }) => name === 'contacts')?.rows);
    const again = await runCli(['restore', file], { env: mysqlEnv(empty) });
    expect(again).toMatchObject({ exitCode: 77, errors: expect.stringContaining('The target has other rows') });
    for (const sql of [
      'contacts WHERE contact_id >= 8000000000000 AND contact_id < 9000000000000',
      "contact_addresses WHERE email LIKE 'new%'",
    ]) {
      await service.execute(`DELETE FROM ${sql}`);
    }
  });

  it('refuses a target with other rows, and changes nothing there', async () => {
    const copy = await databases.openAt(target);
    await copy.execute("UPDATE contacts SET name = 'Changed by the service' WHERE contact_id = 7");
    const { exitCode, errors } = await runCli(['migrate-to', toUrl(target)], { env });
    expect(exitCode).toBe(77);
    expect(errors).toContain('The target has other rows in the table contacts');
    const other = await databases.openAt(await databases.createMigrated());
    await other.execute("INSERT INTO auth_states (nonce, expires_at) VALUES ('other', 1)");
    const location = (await other.query<{ name: string }>('SELECT database() AS name'))[0]?.name ?? '';
    const refused = await runCli(['migrate-to', toUrl({ ...target, database: location })], { env });
    expect(refused).toMatchObject({ exitCode: 77, errors: expect.stringContaining('auth_states') });
    expect(await other.query('SELECT contact_id FROM contacts LIMIT 1')).toEqual([]);
    expect(await copy.query('SELECT name FROM contacts WHERE contact_id = 7')).toEqual([{ name: 'Changed by the service' }]);
  });

  it('names the table, the column and the row of a text that is too long for MySQL, and continues when it is shortened', async () => {
    const own = mkdtempSync(join(tmpdir(), 'migrate-too-long-'));
    const source = await Database.open({ kind: 'sqlite', path: join(own, 'sync.sqlite') }, { clock: systemClock });
    await source.migrate();
    await fillLargeAccount(source, 3);
    const rename = (name: string) => source.execute('UPDATE contacts SET name = ? WHERE contact_id = 2', [name]);
    await rename('ж'.repeat(32_768));
    const url = toUrl(await createTarget());
    const { exitCode, errors } = await runCli(['migrate-to', url], { env: { ...env, DATA_DIR: own } });
    expect(exitCode).toBe(77);
    expect(errors).toMatch(
      /A value is too long: contacts\.name has 65536 bytes in row 2 .*\(account_id \d+, contact_id 2\); .* takes .* 65535 bytes/,
    );
    expect(errors).toContain('Shorten the value in SQLite');
    await rename('short');
    expect(await runCli(['migrate-to', url], { env: { ...env, DATA_DIR: own } })).toMatchObject({ exitCode: 0 });
    await source.close();
    rmSync(own, { recursive: true, force: true });
  });

  it('is refused while the service runs, and without a usable URL', async () => {
    const lock = lockDataDir(folder, new Date(systemClock.nowMs()).toISOString());
    const held = await runCli(['migrate-to', toUrl(target)], { env });
    lock.release();
    expect(held).toMatchObject({ exitCode: 78, errors: expect.stringContaining(`process ${process.pid}`) });
    const urlFile = join(folder, 'url');
    writeFileSync(urlFile, 'postgres://sync:secret@host/sync');
    for (const args of [[], [toUrl(target), '--url-file', urlFile], ['--url-file', urlFile], ['sqlite:other.sqlite']]) {
      expect(await runCli(['migrate-to', ...args], { env })).toMatchObject({ exitCode: 64, errors: expect.not.stringContaining('secret') });
    }
  });
});
