import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { TransientError } from '#domain';
import {
  findFreePort,
  type QueueServer,
  type QueueServerKind,
  queueServerKinds,
  startEmbeddedBeanstalkd,
} from '../../support/beanstalkd-process.js';
import { contactsJob, eventually, QueueScene } from './queue-scene.js';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function startServer(kind: Pick<QueueServerKind, 'start'> = { start: startEmbeddedBeanstalkd }): Promise<QueueServer> {
  const server = await kind.start();
  closers.push(() => server.stop());
  return server;
}

function openScene(ports: readonly number[]): QueueScene {
  const scene = new QueueScene(ports.map((port) => ({ host: '127.0.0.1', port })));
  closers.push(() => scene.close());
  return scene;
}

/** Accepts connections and closes each one when the first data arrives. */
async function startClosingServer(): Promise<number> {
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

  it('keeps the jobs of an account on one server, and uses all servers', async () => {
    const servers = [await startServer(), await startServer()];
    const scene = openScene(servers.map(({ port }) => port));
    for (const job of [...accounts, ...accounts]) await scene.client.put(job);
    const contacts = (await scene.client.listTubeStatistics()).filter(({ tube }) => tube === 'contacts');
    expect(contacts.map(({ ready }) => ready % 2)).toEqual([0, 0]);
    expect(contacts.every(({ ready }) => ready > 0)).toBe(true);
  });

  it('uses the next server while one is stopped, and the first one again after its start', async () => {
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

  it('throws queue_unavailable when no server accepts the job', async () => {
    const scene = openScene([await findFreePort()]);
    await expect(scene.client.put(contactsJob(1))).rejects.toMatchObject({ code: 'queue_unavailable' });
    expect(await scene.client.isReady()).toBe(false);
  });

  it('fails every waiting put when the server closes the connection, and nothing else', async () => {
    const scene = openScene([await startClosingServer()]);
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
});

const contactsCount = async (scene: QueueScene, state: 'ready' | 'reserved' | 'delayed' | 'buried') => {
  const all = (await scene.client.listTubeStatistics()).filter(({ tube }) => tube === 'contacts');
  return all.reduce((sum, counts) => sum + counts[state], 0);
};

describe.each(queueServerKinds())("an operator's actions on two servers: $name", (kind) => {
  const openTwo = async () => {
    const servers = [await startServer(kind), await startServer(kind)];
    return { servers, scene: openScene(servers.map(({ port }) => port)) };
  };

  const putOnBoth = async (scene: QueueScene, delaySeconds = 0) => {
    for (let id = 1; id <= 20; id += 1) await scene.client.put(contactsJob(id), { delaySeconds });
  };

  it('shows the next job of each state on each server, and any job by its id', async () => {
    const { servers, scene } = await openTwo();
    await putOnBoth(scene, 100);
    const shown = await scene.client.peek('contacts', 'delayed');
    expect(shown.map(({ server }) => server)).toEqual(servers.map(({ port }) => `127.0.0.1:${port}`));
    expect(shown[0]).toMatchObject({ id: '1', tube: 'contacts', state: 'delayed', reserves: 0, kicks: 0 });
    expect(await scene.client.peek('contacts', 'ready')).toEqual([]);
    expect(await scene.client.findJobs({ id: '1' })).toHaveLength(2);
    expect(await scene.client.findJobs({ id: '1', server: shown[1]?.server })).toEqual([shown[1]]);
    expect(await scene.client.findJobs({ id: '999' })).toEqual([]);
  });

  it('kicks, deletes and buries the named jobs, and returns how many', async () => {
    const { scene } = await openTwo();
    await putOnBoth(scene, 100);
    expect(await scene.client.kickJobs({ id: '1' })).toBe(2);
    expect(await scene.client.kickJobs({ id: '1' })).toBe(0);
    expect(await scene.client.bury('contacts', 100)).toBe(2);
    expect(await scene.client.bury('contacts', 100)).toBe(0);
    expect([await contactsCount(scene, 'buried'), await contactsCount(scene, 'delayed')]).toEqual([2, 18]);
    expect(await scene.client.kick('contacts', 1)).toBe(2);
    expect(await contactsCount(scene, 'ready')).toBe(2);
    expect(await scene.client.deleteJobs({ id: '1' })).toBe(2);
    expect(await scene.client.deleteJobs({ id: '1' })).toBe(0);
  });

  it('pauses a tube on every server that has it, and resumes it', async () => {
    const { scene } = await openTwo();
    expect(await scene.client.pause('contacts', 100)).toBe(0);
    await putOnBoth(scene);
    expect(await scene.client.pause('contacts', 100)).toBe(2);
    for (const { tube, pausedSecondsLeft } of await scene.client.listTubeStatistics()) {
      expect(pausedSecondsLeft > 90).toBe(tube === 'contacts');
    }
    const paused = async () => (await scene.client.listTubeStatistics()).filter((counts) => counts.paused).length;
    expect(await paused()).toBe(2);
    await scene.client.pause('contacts', 0);
    expect(await eventually(paused, (count) => count === 0)).toBe(0);
  });

  it('buries a job by its id and keeps its priority', async () => {
    const { servers, scene } = await openTwo();
    await putOnBoth(scene, 100);
    const server = `127.0.0.1:${servers[0]?.port}`;
    expect(await scene.client.buryJobs({ server, id: '1' })).toBe(1);
    expect(await scene.client.peek('contacts', 'buried')).toMatchObject([{ server, id: '1', priority: 1_000 }]);
    expect(await scene.client.buryJobs({ server, id: '999' })).toBe(0);
    const raw = await scene.rawClient();
    await raw.ask('reserve-job 2\r\n', /\}\r\n$/);
    expect(await scene.client.buryJobs({ server, id: '2' })).toBe(0);
    expect(await scene.client.deleteJobs({ server, id: '2' })).toBe(0);
  });

  it('lists every tube, and counts the jobs of foreign tubes on request', async () => {
    const { scene } = await openTwo();
    const raw = await scene.rawClient(1);
    await raw.ask('use foreign\r\n');
    await raw.ask('put 0 0 60 1\r\n?\r\n');
    await putOnBoth(scene);
    expect(await scene.client.listTubes()).toEqual(['contacts', 'default', 'foreign']);
    expect((await scene.client.listTubeStatistics(['foreign'])).map(({ ready }) => ready)).toEqual([0, 1]);
  });

  it('returns the state of every server, and why one does not reply', async () => {
    const { servers, scene } = await openTwo();
    await putOnBoth(scene);
    const all = await scene.client.listServers();
    expect(all.map((state) => (state.isUp ? state.jobsPut : 0)).reduce((sum, count) => sum + count)).toBe(20);
    expect(all[0]).toMatchObject({ isUp: true, isDraining: false });
    await servers[0]?.restart(async () => {
      const [first, second] = await scene.client.listServers();
      expect(first).toEqual({ server: all[0]?.server, isUp: false, problem: expect.stringContaining('connection to 127.0.0.1') });
      expect(second).toMatchObject({ isUp: true });
    });
  });

  it('refuses invalid ids and unknown servers', async () => {
    const { scene } = await openTwo();
    await expect(scene.client.deleteJobs({ id: '1\r\ndelete 2' })).rejects.toMatchObject({ code: 'invalid_job_id' });
    await expect(scene.client.findJobs({ id: '1', server: 'elsewhere:1' })).rejects.toMatchObject({ code: 'unknown_queue_server' });
  });

  it('does not offer a job that is too large to a second server', async () => {
    const server = await kind.start({ maxJobBytes: 10 });
    closers.push(() => server.stop());
    const scene = openScene([server.port, (await startServer(kind)).port]);
    const puts = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => scene.client.put(contactsJob(index + 1))));
    const refused = puts.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(puts.length);
    for (const put of refused) expect(put).toMatchObject({ reason: { kind: 'bug', code: 'queue_misused' } });
  });
});
