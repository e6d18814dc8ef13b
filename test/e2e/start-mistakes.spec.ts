import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { Database } from '#database';
import { BuiltProcess } from '../support/built-process.js';

const ENTRY = { api: 'bundle/api.js', worker: 'bundle/worker.js', start: 'bundle/cli.js' } as const;
const secrets = { ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'), OPERATOR_TOKEN: 'operator-token-of-the-tests' };

describe('an ordinary mistake at the start ends in one line', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mistake-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const run = async (name: keyof typeof ENTRY, env: Readonly<Record<string, string>>, args: readonly string[] = []) => {
    const words = name === 'start' ? ['start', ...args] : args;
    const child = new BuiltProcess({ entry: ENTRY[name], args: words, cwd: folder, env: { PORT: '0', LOGS_FOLDER_PATH: 'none', ...env } });
    return { exitCode: await child.waitForExit(), lines: child.output.split('\n') };
  };

  it('when DATA_DIR is a file or cannot be written', async () => {
    await writeFile(join(folder, 'data'), '');
    const [file, refused] = await Promise.all([run('api', {}), run('start', { DATA_DIR: '/sys/data' })]);
    expect(file).toEqual({ exitCode: 78, lines: [expect.stringMatching(/^DATA_DIR names a file, not a folder: .*\/data;/)] });
    expect(refused).toMatchObject({ exitCode: 78 });
    expect(refused.lines.join(' ')).toMatch(/DATA_DIR cannot be written \(\w+\): \/sys\/data;/);
  });

  it('when the database does not respond: the worker names its address and exits with 69', async () => {
    expect(
      await run('worker', {
        ...secrets,
        DATABASE_URL: 'mysql://sync:secret-word@127.0.0.1:9/sync',
        BEANSTALK_URL: 'beanstalk://127.0.0.1:9',
      }),
    ).toEqual({
      exitCode: 69,
      lines: [expect.stringMatching(/^the database 127\.0\.0\.1:9\/sync is unavailable \(ECONNREFUSED\)\. Start the database/)],
    });
  });

  it('when the port is in use: the service ends instead of restarting the API', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { exitCode, lines } = await run('start', { PORT: String(port) });
    other.close();
    expect(exitCode).toBe(78);
    expect(lines.filter((line) => line.includes('PORT'))).toEqual([
      `PORT ${port} of 127.0.0.1 is in use by another process: stop it, or set PORT`,
    ]);
    expect(lines.filter((line) => /^\s+at /.test(line))).toEqual([]);
  });

  it('when a newer version wrote the database', async () => {
    const database = await Database.open({ kind: 'sqlite', path: join(folder, 'sync.sqlite') }, { clock: systemClock });
    await database.migrate();
    await database.execute("INSERT INTO migrations (timestamp, name) VALUES (1900000000000, 'Later1900000000000')");
    await database.close();
    const runs = await Promise.all(
      (['api', 'worker', 'start'] as const).map((name) => run(name, { DATABASE_URL: `sqlite:${folder}/sync.sqlite` })),
    );
    for (const { exitCode, lines } of runs) {
      expect(exitCode).toBe(78);
      expect(lines.filter((line) => line.includes('newer'))).toEqual([
        expect.stringMatching(/newer version .*\(Later1900000000000\): use that version/),
      ]);
    }
  });

  it('when it has arguments: --help starts nothing', async () => {
    const [help, unknown] = await Promise.all([run('api', {}, ['--help']), run('worker', {}, ['--prot', '1'])]);
    expect(help).toEqual({ exitCode: 0, lines: expect.arrayContaining(['Usage: npm run start:api']) });
    expect(unknown).toEqual({ exitCode: 64, lines: expect.arrayContaining(['Usage: npm run start:worker']) });
  });
});
