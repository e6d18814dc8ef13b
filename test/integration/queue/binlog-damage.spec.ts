import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startBeanstalkServer } from '#beanstalkd';
import { systemClock } from '#clock';
import { RawClient } from '../../support/beanstalkd-process.js';
import { listMakers, type Maker, type QueueProcessOptions } from '../../support/queue-process.js';
import { Conversation, expectSameJobs, type JobPicture, LogScene, lookAtAll, putCommand } from './log-scene.js';
import { oldCounts, toVersionFive } from './version-five.js';

const makers = listMakers();
const withDebian = makers.includes('debian') ? describe : describe.skip;
/** A user that permissions hold back: the superuser ignores them. */
const commonUid = process.getuid?.() === 0 ? 65_534 : undefined;
const cannotServe = 10;
/** Files have their size from the start: the smallest are made fastest. */
const small = { flags: ['-s', '4096'] };

let scene: LogScene;

beforeEach(() => {
  scene = new LogScene();
});

afterEach(() => scene.close());

/** The first log file as that maker leaves it after these commands. */
async function writeLog(maker: Maker, commands: readonly string[], options: Partial<QueueProcessOptions> = small): Promise<Buffer> {
  const folder = scene.newFolder();
  const server = await scene.open(maker, folder, options);
  await (await scene.talk(server)).ask(...commands);
  await scene.end(server, 'SIGKILL');
  return readFileSync(join(folder, 'binlog.1'));
}

function folderWith(files: Readonly<Record<string, Buffer>>): string {
  const folder = scene.newFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

const readDebian = (folder: string): Promise<JobPicture[]> => scene.read('debian', folder, 9, small);

/** In this process: a start of its own for every byte of a file would take minutes. */
async function readOurs(folder: string, onWarning: (message: string) => void = () => {}): Promise<JobPicture[]> {
  const path = join(folder, 'socket');
  const server = await startBeanstalkServer({ listen: { path }, binlogDir: folder, segmentBytes: 4_096, onWarning });
  const client = new Conversation(await RawClient.connect({ path }));
  const jobs = await lookAtAll(client, 9);
  client.close();
  await server.close();
  return jobs;
}

async function expectSameReading(files: Readonly<Record<string, Buffer>>): Promise<JobPicture[]> {
  const ours = await readOurs(folderWith(files));
  expectSameJobs(ours, await readDebian(folderWith(files)));
  return ours;
}

const someWork = [putCommand('first'), putCommand('second'), 'reserve', 'bury 1 9', putCommand('third', { delay: 1_000 }), 'delete 2'];
const shortBytes = 84;
const fullBytes = (body: string) => shortBytes + 'default'.length + body.length + 2;
/** Behind the first two jobs: bury, put, delete. */
const workEnds = 4 + fullBytes('first') + fullBytes('second') + 2 * shortBytes + fullBytes('third');
const buryAt = 4 + fullBytes('first') + fullBytes('second');

const ids = (jobs: readonly JobPicture[]) => jobs.map(({ id }) => id);

withDebian('a damaged log', () => {
  it.each(makers)(
    'of %s, cut off after any byte, is read as far as Debian reads it',
    async (writer) => {
      const whole = await writeLog(writer, someWork);
      for (let bytes = buryAt; bytes <= workEnds; bytes += 1) {
        const jobs = await expectSameReading({ 'binlog.1': whole.subarray(0, bytes) });
        expect(jobs.map(({ body }) => body).slice(0, 1)).toEqual(['first']);
      }
    },
    120_000,
  );

  it('whose end is zeros from any byte on loses nothing before, and never shows half a job', async () => {
    const whole = await writeLog('ours', [putCommand('first'), putCommand('second')]);
    const firstEnds = 4 + fullBytes('first');
    const secondEnds = firstEnds + fullBytes('second');
    for (let bytes = firstEnds; bytes <= secondEnds; bytes += 1) {
      const torn = Buffer.from(whole).fill(0, bytes);
      expect(ids(await readOurs(folderWith({ 'binlog.1': torn })))).toEqual(bytes === secondEnds ? [1, 2] : [1]);
    }
  });

  it.each([0, 1, 3, 4, 5, 8])('of %s bytes is an empty one', async (bytes) => {
    const whole = await writeLog('ours', someWork);
    expect(ids(await expectSameReading({ 'binlog.1': whole.subarray(0, bytes) }))).toEqual([]);
  });

  it('is read up to the damage, and later files wholly', async () => {
    const one = await writeLog('ours', someWork);
    const later = await writeLog('debian', [...someWork, ...[4, 5, 6].map((id) => putCommand(`later ${id}`))]);
    for (const length of [201, 1_000_000, -1]) {
      const damaged = Buffer.from(one);
      damaged.writeInt32LE(length, 4 + fullBytes('first'));
      expect(ids(await expectSameReading({ 'binlog.1': damaged }))).toEqual([1]);
      expect(ids(await expectSameReading({ 'binlog.1': damaged, 'binlog.2': later }))).toEqual([1, 3, 4, 5, 6]);
    }
  });

  it('is told of, and kept beside the log', async () => {
    const whole = await writeLog('debian', someWork);
    whole.writeUInt8(9, buryAt + 4 + 76);
    const folder = folderWith({ 'binlog.1': whole });
    const warnings: string[] = [];
    await readOurs(folder, (message) => warnings.push(message));
    expect(warnings).toEqual([expect.stringContaining(`binlog.1 is damaged at byte ${buryAt}`)]);
    expect(readFileSync(join(folder, 'binlog.1.damaged'))).toEqual(whole);
  });
});

describe('a log of another version', () => {
  it.each(makers)('5 is read by %s, and everything later recorded in version 7', async (maker) => {
    const nowMs = systemClock.nowMs();
    const common = { tube: 'default', createdAtMs: nowMs - 50_000 };
    const files = {
      'binlog.1': toVersionFive([
        { ...common, id: 1, state: 'ready', body: 'one' },
        { ...common, id: 2, tube: 'a', state: 'delayed', body: 'two', delaySeconds: 9_000, deadlineAtMs: nowMs + 8_000_000 },
        { ...common, id: 3, state: 'reserved', body: 'three', ttrSeconds: 7 },
        { ...common, id: 4, state: 'ready', body: 'gone' },
        { ...common, id: 4, state: 'invalid', updates: 'gone' },
        { ...common, id: 1, state: 'buried', priority: 9, updates: 'one' },
        { ...common, id: 77, state: 'ready', updates: 'of a file that is gone' },
      ]),
    };
    const folder = folderWith(files);
    const first = await scene.read(maker, folder, 9, small);
    const [reserves, timeouts, releases, buries, kicks] = oldCounts;
    const fields = { pri: 1, delay: 0, ttr: 60, file: 1, reserves, timeouts, releases, buries, kicks };
    expectSameJobs(first, [
      { id: 1, tube: 'default', state: 'buried', body: 'one', fields: { ...fields, pri: 9, buries: buries + 1 }, dueAfterSeconds: 0 },
      { id: 2, tube: 'a', state: 'delayed', body: 'two', fields: { ...fields, delay: 9_000 }, dueAfterSeconds: 8_050 },
      { id: 3, tube: 'default', state: 'ready', body: 'three', fields: { ...fields, ttr: 7 }, dueAfterSeconds: 0 },
    ]);
    const server = await scene.open(maker, folder, small);
    await (await scene.talk(server)).ask('delete 1', 'kick-job 2');
    await scene.end(server, 'SIGKILL');
    for (const reader of makers)
      expect((await scene.read(reader, scene.copyOf(folder), 9, small)).map(({ id, state }) => [id, state])).toEqual([
        [2, 'ready'],
        [3, 'ready'],
      ]);
  });

  it.each([1, 4, 6, 8, -1])('%s is refused by ours, and left as it is', async (version) => {
    const content = await writeLog('ours', someWork);
    content.writeInt32LE(version);
    const folder = folderWith({ 'binlog.1': content });
    const server = await scene.openInVain('ours', folder, small);
    expect(server.exitCode).toBe(cannotServe);
    expect(server.stderr).toMatch(new RegExp(`binlog\\.1: log format ${version} is not 7 or 5`));
    expect(readdirSync(folder).filter((name) => name.startsWith('binlog'))).toEqual(['binlog.1']);
    expect(readFileSync(join(folder, 'binlog.1'))).toEqual(content);
  });
});

describe('a log without permission', () => {
  const own = (path: string) => commonUid !== undefined && chownSync(path, commonUid, commonUid);

  it.each(makers)('to write into its folder stops %s from starting', async (maker) => {
    const folder = scene.newFolder();
    own(folder);
    chmodSync(folder, 0o500);
    const server = await scene.openInVain(maker, folder, { ...small, uid: commonUid });
    expect(server.exitCode).toBe(cannotServe);
    expect(server.stderr).toMatch(maker === 'ours' ? / cannot be locked: / : /Permission denied/);
    chmodSync(folder, 0o700);
  });

  it('to read a file of it stops ours from starting, and nothing is changed', async () => {
    const folder = folderWith({ 'binlog.1': await writeLog('ours', someWork) });
    own(folder);
    chmodSync(join(folder, 'binlog.1'), 0o000);
    const server = await scene.openInVain('ours', folder, { ...small, uid: commonUid });
    expect(server.exitCode).toBe(cannotServe);
    expect(server.stderr).toMatch(/binlog\.1: .*EACCES/);
    expect(readdirSync(folder).filter((name) => name.startsWith('binlog'))).toEqual(['binlog.1']);
  });
});

describe("a log's folder", () => {
  const pairs = makers.flatMap((holder) => makers.map((other): [Maker, Maker] => [holder, other]));

  it.each(pairs)('that %s holds is refused by %s, until the holder is killed', async (holder, other) => {
    const folder = scene.newFolder();
    const server = await scene.open(holder, folder, small);
    await (await scene.talk(server)).askOne(putCommand('held'));
    const refused = await scene.openInVain(other, folder, small);
    expect(refused.exitCode).toBe(cannotServe);
    expect(refused.stderr).toMatch(other === 'ours' ? / is in use by another server\n$/ : /failed to lock wal dir/);
    await scene.end(server, 'SIGKILL');
    expect((await scene.read(other, folder, 1, small)).map(({ body }) => body)).toEqual(['held']);
  });

  it('is made by ours when there is none', async () => {
    const folder = join(scene.newFolder(), 'not', 'yet');
    await scene.open('ours', folder, small);
    expect(readdirSync(folder)).toContain('binlog.1');
  });

  it('may hold other things', async () => {
    const folder = scene.newFolder();
    mkdirSync(join(folder, 'binlog.old'));
    writeFileSync(join(folder, 'binlog.1~'), 'x');
    await scene.open('ours', folder, small);
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['binlog.1', 'binlog.1~', 'binlog.old']));
  });
});

withDebian('the largest jobs', () => {
  const largest = [65_533, 65_534, 65_535].map((bytes) => putCommand('x'.repeat(bytes)));

  it('are kept by ours, and by Debian when it allows for two bytes more', async () => {
    const whole = await writeLog('debian', largest, {});
    const sizes = (jobs: readonly JobPicture[]) => jobs.map(({ body }) => body.length);
    expect(sizes(await readOurs(folderWith({ 'binlog.1': whole })))).toEqual([65_533, 65_534, 65_535]);
    const wide = await scene.read('debian', folderWith({ 'binlog.1': whole }), 3, { flags: ['-z', '65537'] });
    expect(sizes(wide)).toEqual([65_533, 65_534, 65_535]);
  });
});
