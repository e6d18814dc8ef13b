import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findFreePort } from '../support/beanstalkd-process.js';
import { BuiltProcess } from '../support/built-process.js';
import { fillImageFolder, readImageDescription, useSqliteAddon } from '../nodes/image-folder.js';
import { findNode, FORMER_LTS, getNode } from '../nodes/node-version.js';

const EX_CONFIG = 78;
const PAGES = ['/health/ready', '/console/', '/docs', '/docs/json', '/widget.zip'];

const statusOf = async (url: string): Promise<number> => {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
};

const image = await readImageDescription();
const current = image.nodeVersion;
const arePrepared = [current, FORMER_LTS].every((version) => findNode(version) !== undefined);

/** CI runs every test: without these versions of Node they fail. */
const describePrepared = arePrepared || process.env['CI'] === 'true' ? describe : describe.skip;

describePrepared('S26: a folder with exactly the files of the image', () => {
  let folder: string;
  let app: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'image-'));
    app = join(folder, 'app');
    await mkdir(app);
    await fillImageFolder(app, image);
    await symlink(join(app, image.command), join(folder, 'kommo-sync'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Starts the operator's command of a container. */
  const startCommand = (version: string, args: readonly string[], env: Readonly<Record<string, string>>) =>
    new BuiltProcess({
      entry: join(folder, 'kommo-sync'),
      node: getNode(version).program,
      args,
      env: { ...image.environment, DATA_DIR: join(folder, 'data'), ...env },
      cwd: folder,
    });

  /** Starts a container's command. Its data is in a folder of that name. */
  const start = (version: string, args: readonly string[], data: string, env: Readonly<Record<string, string>> = {}) => {
    const places = { HOST: '127.0.0.1', DATA_DIR: join(folder, data), TMPDIR: folder };
    return new BuiltProcess({
      entry: join(app, image.entryPoint),
      node: getNode(version).program,
      args,
      env: { ...image.environment, ...places, ...env },
      cwd: app,
    });
  };

  it('starts every command of a container, and serves every page', async () => {
    await useSqliteAddon(app, getNode(current));
    const files = await readdir(app);
    const [port, queuePort] = [String(await findFreePort()), String(await findFreePort())];
    const env = { PORT: port, BEANSTALK_URL: `beanstalk://127.0.0.1:${queuePort}` };
    const queueFolder = join(folder, 'queue');
    await mkdir(queueFolder);
    const queue = start(current, ['beanstalkd', '-l', '127.0.0.1', '-p', queuePort, '-b', queueFolder], 'unused');
    await start(current, ['migrate'], 'data', env).waitForSuccess();
    const api = start(current, ['api'], 'data', env);
    const worker = start(current, ['worker'], 'data', env);
    await Promise.all([api.waitForLine(/"api":"ready"/), worker.waitForLine(/the worker is running/)]);
    const statuses = await Promise.all(PAGES.map(async (page) => `${page} ${await statusOf(`http://127.0.0.1:${port}${page}`)}`));
    expect(statuses).toEqual(PAGES.map((page) => `${page} 200`));
    const doctor = startCommand(current, ['doctor', '--json'], env);
    // 1: it has found something, for example a disk that is nearly full.
    expect([0, 1]).toContain(await doctor.waitForExit());
    expect(doctor.output).toContain('"findings"');
    for (const each of [worker, api, queue]) await each.stop();
    expect(await readdir(app)).toEqual(files);
  });

  it.each([
    ['26, the Node of the image', current],
    ['24', FORMER_LTS],
  ])('imports two accounts, follows their changes and stops on Node %s', async (_name, version) => {
    await useSqliteAddon(app, getNode(version));
    const demo = start(version, ['demo', '--once', '--port', String(await findFreePort())], 'unused');
    expect({ code: await demo.waitForExit(), output: demo.output }).toMatchObject({ code: 0 });
    expect(demo.output.match(/in sync$/gm)).toHaveLength(2);
  });

  it('refuses a build of better-sqlite3 with which Node 24 aborts, and says what to do', async () => {
    await useSqliteAddon(app, getNode(current));
    const refused = start(FORMER_LTS, ['start'], 'unused');
    expect(await refused.waitForExit()).toBe(EX_CONFIG);
    expect(refused.output).toMatch(/^Node 24\.18\.1 aborts with this build of better-sqlite3 .*: use Node 26 /);
  });
});
