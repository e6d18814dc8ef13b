import { execFileSync } from 'node:child_process';
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { listMakers, type Maker } from '../../support/queue-process.js';
import { type Conversation, LogScene, putCommand } from './log-scene.js';

const makers = listMakers();
const small = { flags: ['-s', '4096'] };
const noRoom = 'OUT_OF_MEMORY\r\n';

let scene: LogScene;
const mounts: string[] = [];

beforeEach(() => {
  scene = new LogScene();
});

afterEach(async () => {
  await scene.close().catch(() => {});
  for (const mount of mounts.splice(0)) execFileSync('umount', [mount], { stdio: 'ignore' });
  await scene.close();
});

/** Each in turn, so that every reply is of the state that the one before left. */
async function converse(client: Conversation, commands: readonly string[]): Promise<string[]> {
  const replies: string[] = [];
  for (const command of commands) replies.push(`${command.slice(0, 40)}: ${await client.askOne(command)}`);
  return replies;
}

const insertedIds = (replies: readonly string[]) => replies.flatMap((reply) => /INSERTED (\d+)/.exec(reply)?.slice(1).map(Number) ?? []);

/** A folder with the name of the next log file: no disk has room for that file. */
async function openWithoutSecondFile(maker: Maker) {
  const folder = scene.newFolder();
  const server = await scene.open(maker, folder, small);
  const obstacle = join(folder, 'binlog.2');
  mkdirSync(obstacle);
  return { folder, server, obstacle, client: await scene.talk(server) };
}

const bodies = [900, 900, 900, 900, 5_000, 400, 200, 100, 50, 0, 0, 0, 0, 10_000].map((bytes) => 'x'.repeat(bytes));
const putAll = bodies.map((body) => putCommand(body));

/** What is refused, what still works, and that nothing is half done. */
const untilItIsFull = [
  'watch other',
  putCommand('to be buried'),
  'reserve',
  'bury 1 1',
  ...putAll,
  'reserve',
  'reserve',
  'reserve',
  'release 2 5 100',
  'release 3 5 100',
  'kick-job 1',
  'release 4 5 0',
  'delete 4',
  putCommand(''),
  'touch 999',
];

describe('a log without room for another file', () => {
  it('is answered alike by both makers', async () => {
    const replies: string[][] = [];
    for (const maker of makers) replies.push(await converse((await openWithoutSecondFile(maker)).client, untilItIsFull));
    const [ours = [], theirs = ours] = replies;
    expect(ours.filter((reply) => reply.endsWith(noRoom)).length).toBeGreaterThan(3);
    expect(ours).toEqual(theirs);
  });

  it('leaves with ours a job as it is that cannot be released or buried', async () => {
    const { client } = await openWithoutSecondFile('ours');
    await converse(client, [...putAll, ...putAll, 'reserve']);
    const before = await client.askOne('stats-job 1');
    expect(await client.ask('release 1 7 100', 'bury 1 7')).toEqual([noRoom, 'INTERNAL_ERROR\r\n']);
    expect((await client.askOne('stats-job 1')).replace(/(age|time-left): \d+/g, '')).toBe(before.replace(/(age|time-left): \d+/g, ''));
    expect(await client.ask('release 1 7 0', 'reserve-job 1', 'delete 1')).toEqual([
      'RELEASED\r\n',
      expect.stringMatching(/^RESERVED 1 /),
      'DELETED\r\n',
    ]);
  });

  it('lets ours count only jobs that were kicked', async () => {
    const { client } = await openWithoutSecondFile('ours');
    await converse(client, [putCommand('buried'), 'reserve', 'bury 1 1', ...putAll, ...putAll]);
    expect(await client.ask('kick 5', 'kick-job 1', 'peek-buried')).toEqual(['KICKED 0\r\n', 'NOT_FOUND\r\n', 'FOUND 1 6\r\nburied\r\n']);
  });

  it.each(makers)('keeps with %s what was acknowledged, and goes on when there is room again', async (maker) => {
    const { folder, server, obstacle, client } = await openWithoutSecondFile(maker);
    const first = insertedIds(await converse(client, [...putAll, ...putAll]));
    expect(first.length).toBeLessThan(putAll.length);
    const [gone = 0, ...kept] = first;
    expect(await client.askOne(`delete ${gone}`)).toBe('DELETED\r\n');
    rmdirSync(obstacle);
    const later = insertedIds(await converse(client, putAll));
    expect(later).toHaveLength(putAll.length);
    await scene.end(server, 'SIGKILL');
    for (const reader of makers)
      expect((await scene.read(reader, scene.copyOf(folder), 60, small)).map(({ id }) => id)).toEqual([...kept, ...later]);
  });

  it('is told of once by ours', async () => {
    const { server, client } = await openWithoutSecondFile('ours');
    await converse(client, [...putAll, ...putAll, ...putAll]);
    await scene.end(server, 'SIGKILL');
    expect(server.stderr.split('\n').filter((line) => line.includes('no room for another log file'))).toHaveLength(1);
  });
});

describe('a limit of the file size', () => {
  it('refuses with ours the job that needs a larger file, and no other', async () => {
    const folder = scene.newFolder();
    const server = await scene.open('ours', folder, { flags: ['-s', '4096', '-z', '200000'], shellPrefix: 'ulimit -f 128;' });
    const client = await scene.talk(server);
    const replies = await client.ask(...[10, 150_000, 20_000, 150_000, 10].map((bytes) => putCommand('x'.repeat(bytes))));
    expect(replies).toEqual(['INSERTED 1\r\n', noRoom, 'INSERTED 3\r\n', noRoom, 'INSERTED 5\r\n']);
    await scene.end(server, 'SIGKILL');
    expect((await scene.read('ours', folder, 9, small)).map(({ id }) => id)).toEqual([1, 3, 5]);
  });
});

describe('a log that cannot be written', () => {
  it('acknowledges nothing with ours until it can be written again, and then has it all', async () => {
    const folder = scene.newFolder();
    const server = await scene.open('ours', folder, small);
    const [before, during] = [await scene.talk(server), await scene.talk(server)];
    expect(await before.askOne(putCommand('before'))).toBe('INSERTED 1\r\n');
    server.limitFileSize(100);
    await expect(during.askOne(putCommand('during'))).rejects.toThrow('the server hung up');
    server.limitFileSize(undefined);
    expect(await (await scene.talk(server)).askOne(putCommand('after'))).toBe('INSERTED 3\r\n');
    await scene.end(server, 'SIGKILL');
    expect(server.stderr).toMatch(/^beanstalkd: cannot write the log: EFBIG/);
    for (const reader of makers) {
      expect((await scene.read(reader, scene.copyOf(folder), 3, small)).map(({ body }) => body)).toEqual(['before', 'during', 'after']);
    }
  });
});

/** A file system of that size; undefined where mounting is not allowed. */
function mountSmallDisk(bytes: number): string | undefined {
  const folder = scene.newFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { stdio: 'ignore' });
    mounts.push(folder);
    return folder;
  } catch {
    process.stderr.write('mounting is not allowed here: a disk that is really full is not tried\n');
    return undefined;
  }
}

describe('a disk that is full', () => {
  it.each(makers)('loses with %s nothing that was acknowledged, and can be emptied', async (maker) => {
    const folder = mountSmallDisk(128 * 1024);
    if (folder === undefined) return;
    const flags = ['-s', '16384'];
    const server = await scene.open(maker, folder, { flags });
    const client = await scene.talk(server);
    const living = new Set<number>();
    for (let round = 0; round < 5; round += 1) {
      const replies = await client.ask(...Array.from({ length: 400 }, (_, index) => putCommand(`${round} ${'x'.repeat(index)}`)));
      expect(replies.filter((reply) => reply !== noRoom && !reply.startsWith('INSERTED'))).toEqual([]);
      expect(replies).toContain(noRoom);
      for (const id of insertedIds(replies)) living.add(id);
      const old = [...living].slice(0, Math.floor(living.size / 2));
      expect(new Set(await client.ask(...old.map((id) => `delete ${id}`)))).toEqual(new Set(['DELETED\r\n']));
      for (const id of old) living.delete(id);
    }
    await scene.end(server, 'SIGKILL');
    for (const reader of makers)
      expect((await scene.read(reader, scene.copyOf(folder), 2_000, { flags })).map(({ id }) => id)).toEqual([...living]);
  });
});
