import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { TransientError } from '#domain';
import { findFreePort, type QueueServer, startEmbeddedBeanstalkd } from '../../support/beanstalkd-process.js';
import { contactsJob, eventually, QueueScene } from './queue-scene.js';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function startServer(): Promise<QueueServer> {
  const server = await startEmbeddedBeanstalkd();
  closers.push(() => server.stop());
  return server;
}

function openScene(ports: readonly number[]): QueueScene {
  const scene = new QueueScene(ports);
  closers.push(() => scene.close());
  return scene;
}

/** Takes connections and hangs up on each as soon as something was said. */
async function startRudeServer(): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  return address && typeof address === 'object' ? address.port : 0;
}

describe('QueueClient', () => {
  const accounts = Array.from({ length: 40 }, (_, index) => contactsJob(index + 1));

  it('keeps the jobs of an account on one of several servers, and uses them all', async () => {
    const servers = [await startServer(), await startServer()];
    const scene = openScene(servers.map(({ port }) => port));
    for (const job of [...accounts, ...accounts]) await scene.client.put(job);
    const contacts = (await scene.client.listTubeStatistics()).filter(({ tube }) => tube === 'contacts');
    expect(contacts.map(({ ready }) => ready % 2)).toEqual([0, 0]);
    expect(contacts.every(({ ready }) => ready > 0)).toBe(true);
  });

  it('takes the next server while one is down, and comes back to it', async () => {
    const servers = [await startServer(), await startServer()];
    const scene = openScene(servers.map(({ port }) => port));
    await servers[0]?.restart(async () => {
      for (const job of accounts) await scene.client.put(job);
    });
    const readyAt = async (index: number) =>
      (await scene.client.listTubeStatistics()).filter(({ tube }) => tube === 'contacts')[index]?.ready ?? 0;
    expect([await readyAt(0), await readyAt(1)]).toEqual([0, accounts.length]);
    const putAll = async () => {
      for (const job of accounts) await scene.client.put(job);
      return readyAt(0);
    };
    expect(await eventually(putAll, (count) => count > 0)).toBeGreaterThan(0);
  });

  it('says queue_unavailable when no server takes the job, and works once one does', async () => {
    const scene = openScene([await findFreePort()]);
    await expect(scene.client.put(contactsJob(1))).rejects.toMatchObject({ code: 'queue_unavailable' });
    expect(await scene.client.isReady()).toBe(false);
  });

  it('fails every waiting put when the server hangs up, and nothing else', async () => {
    const scene = openScene([await startRudeServer()]);
    const unhandled: unknown[] = [];
    const remember = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', remember);
    const puts = await Promise.allSettled(accounts.map((job) => scene.client.put(job)));
    await eventually(
      () => scene.client.isReady(),
      (isReady) => !isReady,
    );
    process.off('unhandledRejection', remember);
    expect(puts.every((put) => put.status === 'rejected' && put.reason instanceof TransientError)).toBe(true);
    expect(unhandled).toEqual([]);
  });

  it('kicks, pauses and resumes a tube', async () => {
    const { port } = await startServer();
    const scene = openScene([port]);
    await scene.client.put(contactsJob(1), { delaySeconds: 100 });
    expect(await scene.client.kick('contacts', 10)).toBe(1);
    await scene.client.pause('contacts', 100);
    const paused = async () => (await scene.client.listTubeStatistics()).find(({ tube }) => tube === 'contacts')?.paused;
    expect(await paused()).toBe(true);
    await scene.client.pause('contacts', 0);
    expect(await eventually(paused, (isPaused) => isPaused === false)).toBe(false);
  });
});
