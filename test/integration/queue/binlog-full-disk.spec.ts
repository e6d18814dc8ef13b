import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { listImplementations, type Implementation } from '../../support/queue-process.js';
import { itOnSmallDisk, mountSmallDisk } from '../../support/small-disk.js';
import { type CommandClient, LogScene, putCommand } from './log-scene.js';

const implementations = listImplementations();
const small = { flags: ['-s', '4096'] };
const outOfMemory = 'OUT_OF_MEMORY\r\n';

let scene: LogScene;
const unmounts: (() => void)[] = [];

beforeEach(() => {
  scene = new LogScene();
});

afterEach(async () => {
  await scene.close().catch(() => {});
  for (const unmount of unmounts.splice(0)) unmount();
  await scene.close();
});

/** Sends one command after the other, so that each reply shows the state after the one before. */
async function converse(client: CommandClient, commands: readonly string[]): Promise<string[]> {
  const replies: string[] = [];
  for (const command of commands) replies.push(`${command.slice(0, 40)}: ${await client.askOne(command)}`);
  return replies;
}

const insertedIds = (replies: readonly string[]) => replies.flatMap((reply) => /INSERTED (\d+)/.exec(reply)?.slice(1).map(Number) ?? []);

/** Opens a log and creates a folder with the name of the next log file, so that this file cannot be created. */
async function openWithoutSecondFile(implementation: Implementation) {
  const folder = scene.newFolder();
  const server = await scene.open(implementation, folder, small);
  const obstacle = join(folder, 'binlog.2');
  mkdirSync(obstacle);
  return { folder, server, obstacle, client: await scene.connect(server) };
}

const bodies = [900, 900, 900, 900, 5_000, 400, 200, 100, 50, 0, 0, 0, 0, 10_000].map((bytes) => 'x'.repeat(bytes));
const putAll = bodies.map((body) => putCommand(body));

/** Commands that fill the log, and commands whose replies show what still works. */
const commandsUntilFull = [
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

describe('a log that cannot get another file', () => {
  it('causes the same replies from both servers', async () => {
    const replies: string[][] = [];
    for (const implementation of implementations)
      replies.push(await converse((await openWithoutSecondFile(implementation)).client, commandsUntilFull));
    const [embedded = [], debian = embedded] = replies;
    expect(embedded.filter((reply) => reply.endsWith(outOfMemory)).length).toBeGreaterThan(3);
    expect(embedded).toEqual(debian);
  });

  it('makes the embedded server leave a job unchanged that it cannot release or bury', async () => {
    const { client } = await openWithoutSecondFile('embedded');
    await converse(client, [...putAll, ...putAll, 'reserve']);
    const before = await client.askOne('stats-job 1');
    expect(await client.ask('release 1 7 100', 'bury 1 7')).toEqual([outOfMemory, 'INTERNAL_ERROR\r\n']);
    expect((await client.askOne('stats-job 1')).replace(/(age|time-left): \d+/g, '')).toBe(before.replace(/(age|time-left): \d+/g, ''));
    expect(await client.ask('release 1 7 0', 'reserve-job 1', 'delete 1')).toEqual([
      'RELEASED\r\n',
      expect.stringMatching(/^RESERVED 1 /),
      'DELETED\r\n',
    ]);
  });

  it('makes the embedded server count only jobs that were kicked', async () => {
    const { client } = await openWithoutSecondFile('embedded');
    await converse(client, [putCommand('buried'), 'reserve', 'bury 1 1', ...putAll, ...putAll]);
    expect(await client.ask('kick 5', 'kick-job 1', 'peek-buried')).toEqual(['KICKED 0\r\n', 'NOT_FOUND\r\n', 'FOUND 1 6\r\nburied\r\n']);
  });

  it.each(implementations)('keeps what %s has acknowledged, and works again when there is space', async (implementation) => {
    const { folder, server, obstacle, client } = await openWithoutSecondFile(implementation);
    const first = insertedIds(await converse(client, [...putAll, ...putAll]));
    expect(first.length).toBeLessThan(putAll.length);
    const [deleted = 0, ...kept] = first;
    expect(await client.askOne(`delete ${deleted}`)).toBe('DELETED\r\n');
    rmdirSync(obstacle);
    const later = insertedIds(await converse(client, putAll));
    expect(later).toHaveLength(putAll.length);
    await scene.end(server, 'SIGKILL');
    for (const reader of implementations)
      expect((await scene.read(reader, scene.copyOf(folder), 60, small)).map(({ id }) => id)).toEqual([...kept, ...later]);
  });

  it('is reported once by the embedded server', async () => {
    const { server, client } = await openWithoutSecondFile('embedded');
    await converse(client, [...putAll, ...putAll, ...putAll]);
    await scene.end(server, 'SIGKILL');
    expect(server.stderr.split('\n').filter((line) => line.includes('no room for another log file'))).toHaveLength(1);
  });
});

describe('a limit of the file size', () => {
  it('makes the embedded server refuse only the job that needs a larger file', async () => {
    const folder = scene.newFolder();
    const server = await scene.open('embedded', folder, { flags: ['-s', '4096', '-z', '200000'], shellPrefix: 'ulimit -f 128;' });
    const client = await scene.connect(server);
    const replies = await client.ask(...[10, 150_000, 20_000, 150_000, 10].map((bytes) => putCommand('x'.repeat(bytes))));
    expect(replies).toEqual(['INSERTED 1\r\n', outOfMemory, 'INSERTED 3\r\n', outOfMemory, 'INSERTED 5\r\n']);
    await scene.end(server, 'SIGKILL');
    expect((await scene.read('embedded', folder, 9, small)).map(({ id }) => id)).toEqual([1, 3, 5]);
  });
});

describe('a log that cannot be written', () => {
  it('makes the embedded server acknowledge nothing until it can be written again, and loses nothing', async () => {
    const folder = scene.newFolder();
    const server = await scene.open('embedded', folder, small);
    const [before, during] = [await scene.connect(server), await scene.connect(server)];
    expect(await before.askOne(putCommand('before'))).toBe('INSERTED 1\r\n');
    server.limitFileSize(100);
    await expect(during.askOne(putCommand('during'))).rejects.toThrow('the server closed the connection');
    server.limitFileSize(undefined);
    expect(await (await scene.connect(server)).askOne(putCommand('after'))).toBe('INSERTED 3\r\n');
    await scene.end(server, 'SIGKILL');
    expect(server.stderr).toMatch(/^beanstalkd: cannot write the log: EFBIG/);
    for (const reader of implementations) {
      expect((await scene.read(reader, scene.copyOf(folder), 3, small)).map(({ body }) => body)).toEqual(['before', 'during', 'after']);
    }
  });
});

describe('a disk that is full', () => {
  itOnSmallDisk.each(implementations)('loses nothing that %s has acknowledged, and jobs can be deleted', async (implementation) => {
    const folder = scene.newFolder();
    const unmount = mountSmallDisk(folder, 128 * 1024);
    unmounts.push(unmount);
    const flags = ['-s', '16384'];
    const server = await scene.open(implementation, folder, { flags });
    const client = await scene.connect(server);
    const existing = new Set<number>();
    for (let round = 0; round < 5; round += 1) {
      const replies = await client.ask(...Array.from({ length: 400 }, (_, index) => putCommand(`${round} ${'x'.repeat(index)}`)));
      expect(replies.filter((reply) => reply !== outOfMemory && !reply.startsWith('INSERTED'))).toEqual([]);
      expect(replies).toContain(outOfMemory);
      for (const id of insertedIds(replies)) existing.add(id);
      const old = [...existing].slice(0, Math.floor(existing.size / 2));
      expect(new Set(await client.ask(...old.map((id) => `delete ${id}`)))).toEqual(new Set(['DELETED\r\n']));
      for (const id of old) existing.delete(id);
    }
    await scene.end(server, 'SIGKILL');
    for (const reader of implementations)
      expect((await scene.read(reader, scene.copyOf(folder), 2_000, { flags })).map(({ id }) => id)).toEqual([...existing]);
  });
});
