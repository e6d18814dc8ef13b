import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Clock } from '#domain';
import { type QueueServer, type ServerAddress, queueServerKinds, startEmbeddedBeanstalkd } from '../../support/beanstalkd-process.js';
import { listMakers, type Maker, QueueProcess } from '../../support/queue-process.js';
import { contactsJob, eventually, hurried, QueueScene, succeeds } from './queue-scene.js';
import { SwallowingProxy } from './swallowing-proxy.js';

const HURRY = 5;
/** Waits are hurried, and no rest is ever over. */
const standing: Clock = { sleep: (ms, signal) => hurried(HURRY).sleep(ms, signal), nowMs: () => 0 };
const ACCOUNTS = Array.from({ length: 20 }, (_, index) => index + 1);
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function openScene(addresses: readonly ServerAddress[], clock = hurried(HURRY)): QueueScene {
  const scene = new QueueScene(addresses, clock);
  closers.push(() => scene.close());
  return scene;
}

/** What came to workers that were started for it. */
function workAll(scene: QueueScene) {
  const worked = new Set<number>();
  scene.startWorkers(async ({ account_id }) => void worked.add(account_id), 2);
  const expectAll = async (ids: readonly number[]) => {
    await eventually(
      () => ids.every((id) => worked.has(id)),
      (hasAll) => hasAll,
    );
    expect([...worked].sort((a, b) => a - b)).toEqual(expect.arrayContaining([...ids]));
    worked.clear();
  };
  return { expectAll };
}

const putAll = (scene: QueueScene) => Promise.all(ACCOUNTS.map((id) => scene.client.put(contactsJob(id))));

/** Puts until this server takes one again. */
const putUntilBackAt = (scene: QueueScene, server: string) =>
  eventually(
    () => putAll(scene),
    (puts) => puts.some((put) => put.server === server),
  );

describe('a server that neither answers nor hangs up', () => {
  const startServer = async () => {
    const server = await startEmbeddedBeanstalkd();
    closers.push(() => server.stop());
    return server;
  };

  const openBehind = async (others: readonly ServerAddress[] = [], clock = hurried(HURRY)) => {
    const proxy = await SwallowingProxy.start((await startServer()).port);
    closers.push(() => proxy.stop());
    return { proxy, scene: openScene([{ host: '127.0.0.1', port: proxy.port }, ...others], clock) };
  };

  it('is noticed by who puts, asked no second time, and used again once it answers', async () => {
    const { proxy, scene } = await openBehind();
    await scene.client.put(contactsJob(1));
    proxy.swallow();
    await expect(scene.client.put(contactsJob(2))).rejects.toMatchObject({ code: 'queue_unavailable', cause: { code: 'queue_timeout' } });
    expect(proxy.connectionCount).toBe(1);
    expect(await scene.client.isReady()).toBe(false);
    proxy.pass();
    await scene.client.put(contactsJob(2));
    expect(await scene.client.peek('contacts', 'ready')).toHaveLength(1);
  });

  it('is passed by after that, where there is another', async () => {
    const { proxy, scene } = await openBehind([(await startServer()).address], standing);
    proxy.swallow();
    for (const id of ACCOUNTS) await scene.client.put(contactsJob(id));
    expect(proxy.connectionCount).toBe(1);
    expect(scene.logger.lines).toMatchObject([{ message: 'a queue server takes no jobs', fields: { pass_by_ms: 1_000 } }]);
  });

  it('is noticed by workers, which watch again once it answers', async () => {
    const { proxy, scene } = await openBehind();
    const { expectAll } = workAll(scene);
    await scene.client.put(contactsJob(1));
    await expectAll([1]);
    proxy.swallow();
    const lost = () => scene.logger.lines.filter(({ message }) => message === 'a queue connection was lost').length;
    expect(await eventually(lost, (count) => count > 0)).toBeGreaterThan(0);
    proxy.pass();
    await eventually(() => succeeds(scene.client.put(contactsJob(2))), Boolean);
    await expectAll([2]);
  });

  it('lets workers stop that wait for a connection', async () => {
    const { proxy, scene } = await openBehind([], hurried(1 / 1_000));
    proxy.swallow();
    const host = scene.startWorkers(async () => {});
    await eventually(() => proxy.connectionCount, Boolean);
    let isStopped = false;
    void host.stop(60_000).then(() => (isStopped = true));
    expect(await eventually(() => isStopped, Boolean)).toBe(true);
  });
});

describe.each(listMakers())('two servers, one of them a frozen process: %s', (maker: Maker) => {
  const startProcess = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'queue-log-'));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const server = await QueueProcess.start({ maker, folder });
    closers.push(() => server.end('SIGKILL'));
    return server;
  };

  it('is passed by, by who puts and by workers, and used again once it goes on', async () => {
    const frozen = await startProcess();
    const living = await startProcess();
    const scene = openScene([frozen.address, living.address]);
    const { expectAll } = workAll(scene);
    expect(new Set((await putAll(scene)).map(({ server }) => server)).size).toBe(2);
    await expectAll(ACCOUNTS);
    frozen.freeze();
    const meanwhile = await putAll(scene);
    expect(new Set(meanwhile.map(({ server }) => server))).toEqual(new Set(['path' in living.address ? living.address.path : '']));
    await expectAll(ACCOUNTS);
    expect(await scene.client.isReady()).toBe(true);
    frozen.thaw();
    await putUntilBackAt(scene, 'path' in frozen.address ? frozen.address.path : '');
    await expectAll(ACCOUNTS);
  });
});

describe.each(queueServerKinds())('two servers, one of them away for a while: $name', (kind) => {
  const nameOf = ({ port }: QueueServer) => `127.0.0.1:${port}`;

  it('gives its accounts to the other, whose workers go on, and takes them back', async () => {
    const mortal = await kind.start();
    const living = await kind.start();
    closers.push(
      () => mortal.stop(),
      () => living.stop(),
    );
    const scene = openScene([mortal.address, living.address]);
    const { expectAll } = workAll(scene);
    await putAll(scene);
    await expectAll(ACCOUNTS);
    await mortal.restart(async () => {
      const meanwhile = await putAll(scene);
      expect(new Set(meanwhile.map(({ server }) => server))).toEqual(new Set([nameOf(living)]));
      await expectAll(ACCOUNTS);
    });
    await putUntilBackAt(scene, nameOf(mortal));
    await expectAll(ACCOUNTS);
  });
});
