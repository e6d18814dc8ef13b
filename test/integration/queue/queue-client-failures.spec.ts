import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Clock } from '#domain';
import { type QueueServer, type ServerAddress, queueServerKinds, startEmbeddedBeanstalkd } from '../../support/beanstalkd-process.js';
import { listImplementations, type Implementation, QueueProcess } from '../../support/queue-process.js';
import { contactsJob, eventually, accelerated, QueueScene, succeeds } from './queue-scene.js';
import { SwallowingProxy } from './swallowing-proxy.js';

const SPEED = 5;
/** Sleeps are shorter, and the time does not advance: a skipped server stays skipped. */
const frozenTime: Clock = { sleep: (ms, signal) => accelerated(SPEED).sleep(ms, signal), nowMs: () => 0 };
const ACCOUNTS = Array.from({ length: 20 }, (_, index) => index + 1);
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function openScene(addresses: readonly ServerAddress[], clock = accelerated(SPEED)): QueueScene {
  const scene = new QueueScene(addresses, clock);
  closers.push(() => scene.close());
  return scene;
}

/** Starts workers and records the accounts of their jobs. */
function startRecordingWorkers(scene: QueueScene) {
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

/** Puts jobs until this server accepts one again. */
const putUntilAcceptedBy = (scene: QueueScene, server: string) =>
  eventually(
    () => putAll(scene),
    (puts) => puts.some((put) => put.server === server),
  );

describe('a server that neither replies nor closes connections', () => {
  const startServer = async () => {
    const server = await startEmbeddedBeanstalkd();
    closers.push(() => server.stop());
    return server;
  };

  const openBehind = async (others: readonly ServerAddress[] = [], clock = accelerated(SPEED)) => {
    const proxy = await SwallowingProxy.start((await startServer()).port);
    closers.push(() => proxy.stop());
    return { proxy, scene: openScene([{ host: '127.0.0.1', port: proxy.port }, ...others], clock) };
  };

  it('fails a put without a second attempt, and is used again after it replies', async () => {
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

  it('is skipped after the first failure when there is another server', async () => {
    const { proxy, scene } = await openBehind([(await startServer()).address], frozenTime);
    proxy.swallow();
    for (const id of ACCOUNTS) await scene.client.put(contactsJob(id));
    expect(proxy.connectionCount).toBe(1);
    expect(scene.logger.lines).toMatchObject([{ message: 'queue server failed; skipped for a while', fields: { skip_ms: 1_000 } }]);
  });

  it('is detected by workers, which reconnect after it replies', async () => {
    const { proxy, scene } = await openBehind();
    const { expectAll } = startRecordingWorkers(scene);
    await scene.client.put(contactsJob(1));
    await expectAll([1]);
    proxy.swallow();
    const lost = () => scene.logger.lines.filter(({ message }) => message === 'queue connection lost; will reconnect').length;
    expect(await eventually(lost, (count) => count > 0)).toBeGreaterThan(0);
    proxy.pass();
    await eventually(() => succeeds(scene.client.put(contactsJob(2))), Boolean);
    await expectAll([2]);
  });

  it('does not keep workers from stopping while they wait for a connection', async () => {
    const { proxy, scene } = await openBehind([], accelerated(1 / 1_000));
    proxy.swallow();
    const host = scene.startWorkers(async () => {});
    await eventually(() => proxy.connectionCount, Boolean);
    let isStopped = false;
    void host.stop(60_000).then(() => (isStopped = true));
    expect(await eventually(() => isStopped, Boolean)).toBe(true);
  });
});

describe.each(listImplementations())('two servers, one of them a frozen process: %s', (implementation: Implementation) => {
  const startProcess = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'queue-log-'));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const server = await QueueProcess.start({ implementation, folder });
    closers.push(() => server.end('SIGKILL'));
    return server;
  };

  it('is skipped by producers and workers, and used again after it continues', async () => {
    const frozen = await startProcess();
    const living = await startProcess();
    const scene = openScene([frozen.address, living.address]);
    const { expectAll } = startRecordingWorkers(scene);
    expect(new Set((await putAll(scene)).map(({ server }) => server)).size).toBe(2);
    await expectAll(ACCOUNTS);
    frozen.freeze();
    const addresses = await putAll(scene);
    expect(new Set(addresses.map(({ server }) => server))).toEqual(new Set(['path' in living.address ? living.address.path : '']));
    await expectAll(ACCOUNTS);
    expect(await scene.client.isReady()).toBe(true);
    frozen.thaw();
    await putUntilAcceptedBy(scene, 'path' in frozen.address ? frozen.address.path : '');
    await expectAll(ACCOUNTS);
  });
});

describe.each(queueServerKinds())('two servers, one of them stopped for a while: $name', (kind) => {
  const nameOf = ({ port }: QueueServer) => `127.0.0.1:${port}`;

  it('leaves its accounts to the other server, and gets them back after its start', async () => {
    const mortal = await kind.start();
    const living = await kind.start();
    closers.push(
      () => mortal.stop(),
      () => living.stop(),
    );
    const scene = openScene([mortal.address, living.address]);
    const { expectAll } = startRecordingWorkers(scene);
    await putAll(scene);
    await expectAll(ACCOUNTS);
    await mortal.restart(async () => {
      const addresses = await putAll(scene);
      expect(new Set(addresses.map(({ server }) => server))).toEqual(new Set([nameOf(living)]));
      await expectAll(ACCOUNTS);
    });
    await putUntilAcceptedBy(scene, nameOf(mortal));
    await expectAll(ACCOUNTS);
  });
});
