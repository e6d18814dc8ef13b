import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startBeanstalkServer } from '#beanstalkd';
import { systemClock } from '#clock';
import { RawClient } from '../../support/beanstalkd-process.js';
import { listImplementations, type Implementation, type QueueProcessOptions } from '../../support/queue-process.js';
import { CommandClient, expectSameJobs, type JobSnapshot, LogScene, readAllJobs, putCommand } from './log-scene.js';
import { oldCounts, toVersionFive } from './binlog-version-five.js';

const implementations = listImplementations();
const withDebian = implementations.includes('debian') ? describe : describe.skip;
/** A user to whom file permissions apply: they do not apply to root. */
const commonUid = process.getuid?.() === 0 ? 65_534 : undefined;
const exitCannotServe = 10;
/** A file is created in its full size: the smallest size is the fastest. */
const small = { flags: ['-s', '4096'] };

let scene: LogScene;

beforeEach(() => {
  scene = new LogScene();
});

afterEach(() => scene.close());

/** Runs the commands on a server, kills it, and returns the first log file. */
async function writeLog(
  implementation: Implementation,
  commands: readonly string[],
  options: Partial<QueueProcessOptions> = small,
): Promise<Buffer> {
  const folder = scene.newFolder();
  const server = await scene.open(implementation, folder, options);
  await (await scene.connect(server)).ask(...commands);
  await scene.end(server, 'SIGKILL');
  return readFileSync(join(folder, 'binlog.1'));
}

function folderWith(files: Readonly<Record<string, Buffer>>): string {
  const folder = scene.newFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

const readDebian = (folder: string): Promise<JobSnapshot[]> => scene.read('debian', folder, 9, small);

/** Reads the log in this process: one process for each byte of a file would take minutes. */
async function readEmbedded(folder: string, onWarning: (message: string) => void = () => {}): Promise<JobSnapshot[]> {
  const path = join(folder, 'socket');
  const server = await startBeanstalkServer({ listen: { path }, binlogDir: folder, segmentBytes: 4_096, onWarning });
  const client = new CommandClient(await RawClient.connect({ path }));
  const jobs = await readAllJobs(client, 9);
  client.close();
  await server.close();
  return jobs;
}

async function expectSameReading(files: Readonly<Record<string, Buffer>>): Promise<JobSnapshot[]> {
  const jobs = await readEmbedded(folderWith(files));
  expectSameJobs(jobs, await readDebian(folderWith(files)));
  return jobs;
}

const someWork = [putCommand('first'), putCommand('second'), 'reserve', 'bury 1 9', putCommand('third', { delay: 1_000 }), 'delete 2'];
const shortBytes = 84;
const fullBytes = (body: string) => shortBytes + 'default'.length + body.length + 2;
/** After the first two jobs come bury, put and delete. */
const workEnds = 4 + fullBytes('first') + fullBytes('second') + 2 * shortBytes + fullBytes('third');
const buryAt = 4 + fullBytes('first') + fullBytes('second');

const ids = (jobs: readonly JobSnapshot[]) => jobs.map(({ id }) => id);

withDebian('a damaged log', () => {
  it.each(implementations)(
    'is read as far as Debian reads it when it is cut off after any byte (written by %s)',
    async (writer) => {
      const whole = await writeLog(writer, someWork);
      for (let bytes = buryAt; bytes <= workEnds; bytes += 1) {
        const jobs = await expectSameReading({ 'binlog.1': whole.subarray(0, bytes) });
        expect(jobs.map(({ body }) => body).slice(0, 1)).toEqual(['first']);
      }
    },
    120_000,
  );

  it('loses no job before the zeros when its end is overwritten with zeros, and shows no incomplete job', async () => {
    const whole = await writeLog('embedded', [putCommand('first'), putCommand('second')]);
    const firstEnds = 4 + fullBytes('first');
    const secondEnds = firstEnds + fullBytes('second');
    for (let bytes = firstEnds; bytes <= secondEnds; bytes += 1) {
      const torn = Buffer.from(whole).fill(0, bytes);
      expect(ids(await readEmbedded(folderWith({ 'binlog.1': torn })))).toEqual(bytes === secondEnds ? [1, 2] : [1]);
    }
  });

  it.each([0, 1, 3, 4, 5, 8])('is read as an empty log when it has only %s bytes', async (bytes) => {
    const whole = await writeLog('embedded', someWork);
    expect(ids(await expectSameReading({ 'binlog.1': whole.subarray(0, bytes) }))).toEqual([]);
  });

  it('is read up to the damage, and later files are read completely', async () => {
    const one = await writeLog('embedded', someWork);
    const later = await writeLog('debian', [...someWork, ...[4, 5, 6].map((id) => putCommand(`later ${id}`))]);
    for (const length of [201, 1_000_000, -1]) {
      const damaged = Buffer.from(one);
      damaged.writeInt32LE(length, 4 + fullBytes('first'));
      expect(ids(await expectSameReading({ 'binlog.1': damaged }))).toEqual([1]);
      expect(ids(await expectSameReading({ 'binlog.1': damaged, 'binlog.2': later }))).toEqual([1, 3, 4, 5, 6]);
    }
  });

  it('causes a warning, and a copy of it is kept beside the log', async () => {
    const whole = await writeLog('debian', someWork);
    whole.writeUInt8(9, buryAt + 4 + 76);
    const folder = folderWith({ 'binlog.1': whole });
    const warnings: string[] = [];
    await readEmbedded(folder, (message) => warnings.push(message));
    expect(warnings).toEqual([expect.stringContaining(`binlog.1 is damaged at byte ${buryAt}`)]);
    expect(readFileSync(join(folder, 'binlog.1.damaged'))).toEqual(whole);
  });
});

describe('a log of another version', () => {
  it.each(implementations)('is read by %s if it has version 5, and later changes are recorded in version 7', async (implementation) => {
    const nowMs = systemClock.nowMs();
    const common = { tube: 'default', createdAtMs: nowMs - 50_000 };
    const files = {
      'binlog.1': toVersionFive([
        { ...common, id: 1, state: 'ready', body: 'one' },
        { ...common, id: 2, tube: 'a', state: 'delayed', body: 'two', delaySeconds: 9_000, deadlineAtMs: nowMs + 8_000_000 },
        { ...common, id: 3, state: 'reserved', body: 'three', ttrSeconds: 7 },
        { ...common, id: 4, state: 'ready', body: 'deleted' },
        { ...common, id: 4, state: 'invalid', updates: 'deleted' },
        { ...common, id: 1, state: 'buried', priority: 9, updates: 'one' },
        { ...common, id: 77, state: 'ready', updates: 'in a removed file' },
      ]),
    };
    const folder = folderWith(files);
    const first = await scene.read(implementation, folder, 9, small);
    const [reserves, timeouts, releases, buries, kicks] = oldCounts;
    const fields = { pri: 1, delay: 0, ttr: 60, file: 1, reserves, timeouts, releases, buries, kicks };
    expectSameJobs(first, [
      { id: 1, tube: 'default', state: 'buried', body: 'one', fields: { ...fields, pri: 9, buries: buries + 1 }, dueAfterSeconds: 0 },
      { id: 2, tube: 'a', state: 'delayed', body: 'two', fields: { ...fields, delay: 9_000 }, dueAfterSeconds: 8_050 },
      { id: 3, tube: 'default', state: 'ready', body: 'three', fields: { ...fields, ttr: 7 }, dueAfterSeconds: 0 },
    ]);
    const server = await scene.open(implementation, folder, small);
    await (await scene.connect(server)).ask('delete 1', 'kick-job 2');
    await scene.end(server, 'SIGKILL');
    for (const reader of implementations)
      expect((await scene.read(reader, scene.copyOf(folder), 9, small)).map(({ id, state }) => [id, state])).toEqual([
        [2, 'ready'],
        [3, 'ready'],
      ]);
  });

  it.each([1, 4, 6, 8, -1])('is rejected by the embedded server and left unchanged: version %s', async (version) => {
    const content = await writeLog('embedded', someWork);
    content.writeInt32LE(version);
    const folder = folderWith({ 'binlog.1': content });
    const server = await scene.openUntilExit('embedded', folder, small);
    expect(server.exitCode).toBe(exitCannotServe);
    expect(server.stderr).toMatch(new RegExp(`binlog\\.1: log format ${version} is not 7 or 5`));
    expect(readdirSync(folder).filter((name) => name.startsWith('binlog'))).toEqual(['binlog.1']);
    expect(readFileSync(join(folder, 'binlog.1'))).toEqual(content);
  });
});

describe('missing file permissions', () => {
  const giveToCommonUser = (path: string) => commonUid !== undefined && chownSync(path, commonUid, commonUid);

  it.each(implementations)('prevent the start of %s when it cannot write into the folder', async (implementation) => {
    const folder = scene.newFolder();
    giveToCommonUser(folder);
    chmodSync(folder, 0o500);
    const server = await scene.openUntilExit(implementation, folder, { ...small, uid: commonUid });
    expect(server.exitCode).toBe(exitCannotServe);
    expect(server.stderr).toMatch(implementation === 'embedded' ? / cannot be locked: / : /Permission denied/);
    chmodSync(folder, 0o700);
  });

  it('prevent the start of the embedded server when it cannot read a log file, and nothing is changed', async () => {
    const folder = folderWith({ 'binlog.1': await writeLog('embedded', someWork) });
    giveToCommonUser(folder);
    chmodSync(join(folder, 'binlog.1'), 0o000);
    const server = await scene.openUntilExit('embedded', folder, { ...small, uid: commonUid });
    expect(server.exitCode).toBe(exitCannotServe);
    expect(server.stderr).toMatch(/binlog\.1: .*EACCES/);
    expect(readdirSync(folder).filter((name) => name.startsWith('binlog'))).toEqual(['binlog.1']);
  });
});

describe('a log folder', () => {
  const pairs = implementations.flatMap((first) => implementations.map((second): [Implementation, Implementation] => [first, second]));

  it.each(pairs)('is locked by %s: %s does not start until the first server is killed', async (first, second) => {
    const folder = scene.newFolder();
    const server = await scene.open(first, folder, small);
    await (await scene.connect(server)).askOne(putCommand('held'));
    const rejected = await scene.openUntilExit(second, folder, small);
    expect(rejected.exitCode).toBe(exitCannotServe);
    expect(rejected.stderr).toMatch(second === 'embedded' ? / is in use by another server\n$/ : /failed to lock wal dir/);
    await scene.end(server, 'SIGKILL');
    expect((await scene.read(second, folder, 1, small)).map(({ body }) => body)).toEqual(['held']);
  });

  it('is created by the embedded server when it does not exist', async () => {
    const folder = join(scene.newFolder(), 'not', 'yet');
    await scene.open('embedded', folder, small);
    expect(readdirSync(folder)).toContain('binlog.1');
  });

  it('may contain other files', async () => {
    const folder = scene.newFolder();
    mkdirSync(join(folder, 'binlog.old'));
    writeFileSync(join(folder, 'binlog.1~'), 'x');
    await scene.open('embedded', folder, small);
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['binlog.1', 'binlog.1~', 'binlog.old']));
  });
});

withDebian('the largest jobs', () => {
  const largest = [65_533, 65_534, 65_535].map((bytes) => putCommand('x'.repeat(bytes)));

  it('are kept by the embedded server, and by Debian when its limit is two bytes higher', async () => {
    const whole = await writeLog('debian', largest, {});
    const sizes = (jobs: readonly JobSnapshot[]) => jobs.map(({ body }) => body.length);
    expect(sizes(await readEmbedded(folderWith({ 'binlog.1': whole })))).toEqual([65_533, 65_534, 65_535]);
    const wide = await scene.read('debian', folderWith({ 'binlog.1': whole }), 3, { flags: ['-z', '65537'] });
    expect(sizes(wide)).toEqual([65_533, 65_534, 65_535]);
  });
});
