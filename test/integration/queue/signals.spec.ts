import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RawClient } from '../../support/beanstalkd-process.js';
import { listImplementations, type Implementation, QueueProcess } from '../../support/queue-process.js';
import { eventually } from './queue-scene.js';

let folder = '';
const servers: QueueProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signals-'));
});

afterEach(async () => {
  for (const server of servers.splice(0)) await server.end('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function start(implementation: Implementation): Promise<QueueProcess> {
  const server = await QueueProcess.start({ implementation, folder });
  servers.push(server);
  return server;
}

/** Sends one command after the other. Returns the last line of each reply. */
async function converse(client: RawClient, commands: readonly string[]): Promise<(string | undefined)[]> {
  const replies: (string | undefined)[] = [];
  for (const command of commands) replies.push((await client.ask(`${command}\r\n`)).split('\r\n').at(-2));
  return replies;
}

/** Starts drain mode and waits until it is on. */
async function drain(server: QueueProcess, client: RawClient): Promise<void> {
  server.drain();
  await eventually(
    () => client.ask('stats\r\n', /\n\r\n$/),
    (stats) => stats.includes('\ndraining: true\n'),
  );
}

describe.each(listImplementations())('SIGUSR1 to a queue server: %s', (implementation) => {
  it('makes it refuse new jobs, even one whose body is not complete, and serve all other commands', async () => {
    const server = await start(implementation);
    const [client, slow] = [await server.connect(), await server.connect()];
    await converse(client, ['put 0 0 60 1\r\na', 'put 0 0 60 1\r\nb']);
    slow.send('put 0 0 60 4\r\nha');
    await eventually(
      () => client.count('stats', 'cmd-put'),
      (puts) => puts === 3,
    );
    await drain(server, client);
    expect(await slow.ask('lf\r\n')).toBe('DRAINING\r\n');
    expect(await converse(client, ['put 0 0 60 1\r\nc', 'use other', 'put 0 500 60 1\r\nd'])).toEqual([
      'DRAINING',
      'USING other',
      'DRAINING',
    ]);
    const rest = ['reserve', 'touch 1', 'release 1 5 500', 'kick-job 1', 'reserve-job 1', 'bury 1 7', 'kick-job 1', 'delete 1', 'delete 2'];
    expect(await converse(client, rest)).toEqual(['a', 'TOUCHED', 'RELEASED', 'KICKED', 'a', 'BURIED', 'KICKED', 'DELETED', 'DELETED']);
    expect([server.exitCode, server.stderr.includes('Debugger')]).toEqual([undefined, false]);
  });
});

describe('a signal that ends a queue server', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('leaves every job in the log while clients are in the middle of commands: %s', async (signal) => {
    const server = await start('embedded');
    const clients = await Promise.all(Array.from({ length: 5 }, () => server.connect()));
    const [producer, worker, waiting, unfinished, notReading] = clients;
    await producer?.ask('put 0 0 60 1\r\na\r\nput 0 500 60 1\r\nb\r\n', /INSERTED 2\r\n$/);
    await worker?.ask('reserve-job 1\r\n', /a\r\n$/);
    waiting?.send('reserve\r\n');
    unfinished?.send('put 0 0 60 100\r\nhalf a bo');
    notReading?.stopReading();
    notReading?.send('stats\r\n'.repeat(20_000));
    await server.end(signal);
    await waiting?.ended();
    expect([server.exitCode, server.stderr]).toEqual([0, '']);
    const again = await (await start('embedded')).connect();
    expect(await converse(again, ['peek-ready', 'peek-delayed'])).toEqual(['a', 'b']);
    expect(await again.count('stats', 'current-jobs-reserved')).toBe(0);
  });
});
