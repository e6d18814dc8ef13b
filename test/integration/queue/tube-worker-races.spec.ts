import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { BugError, type Clock, TransientError } from '#domain';
import { type QueueServer, queueServerKinds } from '../../support/beanstalkd-process.js';
import { contactsJob, eventually, accelerated, QueueScene } from './queue-scene.js';

/** A promise and the function that resolves it. */
function latch() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open: () => open(), opened };
}

describe.each(queueServerKinds())('tube workers and races: $name', (kind) => {
  let server: QueueServer;
  let scenes: QueueScene[];

  beforeEach(async () => {
    server = await kind.start({ maxJobBytes: 100_000 });
    scenes = [];
  });

  afterEach(async () => {
    for (const scene of scenes) await scene.close();
    await server.stop();
  });

  const openScene = (clock: Clock = systemClock) => {
    const scene = new QueueScene([server.address], clock);
    scenes.push(scene);
    return scene;
  };

  const contactsOf = async (scene: QueueScene) => (await scene.client.listTubeStatistics()).find(({ tube }) => tube === 'contacts');
  const messagesOf = (scene: QueueScene) => scene.logger.lines.map(({ message }) => message);

  const putRaw = async (scene: QueueScene, body: string, ttrSeconds: number) => {
    const raw = await scene.rawClient();
    await raw.ask('use contacts\r\n');
    await raw.ask(`put 0 0 ${ttrSeconds} ${body.length}\r\n${body}\r\n`);
    return raw;
  };

  it('keep their connection when another client has deleted their job', async () => {
    const scene = openScene(accelerated(1 / 1_000));
    let held = latch();
    const worked: number[] = [];
    scene.startWorkers(async ({ account_id }) => {
      if (account_id === 1) await held.opened;
      worked.push(account_id);
    });
    const raw = await scene.rawClient();
    await raw.ask('use contacts\r\nwatch contacts\r\n', /WATCHING 2\r\n/);
    let jobs = 0;
    /** beanstalkd sometimes misses the end of a time-to-run (docs/COMPATIBILITY.md). Then the worker ends the job, and the next one is tried. */
    const takeFromWorker = async (): Promise<string> => {
      for (;;) {
        jobs += 1;
        await raw.ask('put 0 0 1 16\r\n{"account_id":1}\r\n');
        await eventually(
          () => contactsOf(scene),
          (counts) => counts?.reserved === 1,
        );
        const reply = await raw.ask('reserve-with-timeout 3\r\n', /\}\r\n$|TIMED_OUT/);
        const id = /RESERVED (\d+)/.exec(reply)?.[1];
        if (id !== undefined) return id;
        held.open();
        await eventually(
          () => worked.length,
          (count) => count === jobs,
        );
        held = latch();
      }
    };
    const id = await takeFromWorker();
    expect(await raw.ask(`delete ${id}\r\n`)).toBe('DELETED\r\n');
    held.open();
    await scene.client.put(contactsJob(2));
    expect(
      await eventually(
        () => worked.length,
        (count) => count === jobs + 1,
      ),
    ).toBe(jobs + 1);
    expect(worked.slice(-2)).toEqual([1, 2]);
    expect(messagesOf(scene)).toEqual(['job no longer held by this worker']);
  });

  it('stop a job that they no longer hold, and keep their connection', async () => {
    const scene = openScene(accelerated(1 / 10));
    const worked: number[] = [];
    scene.startWorkers(async ({ account_id }, { signal, isRetry }) => {
      if (account_id === 1 && !(await isRetry())) await new Promise((_resolve, reject) => signal.addEventListener('abort', reject));
      worked.push(account_id);
    });
    await putRaw(scene, '{"account_id":1}', 1);
    expect(
      await eventually(
        () => worked,
        (ids) => ids.length === 1,
      ),
    ).toEqual([1]);
    expect(messagesOf(scene)).toEqual(['job no longer held by this worker']);
  });

  it('do not start a job again that still runs here after its connection was lost', async () => {
    const scene = openScene();
    const held = latch();
    let begun = 0;
    let running = 0;
    let most = 0;
    scene.startWorkers(async () => {
      begun += 1;
      running += 1;
      most = Math.max(most, running);
      if (begun === 1) await held.opened;
      running -= 1;
    }, 3);
    const { id } = await scene.client.put(contactsJob(1));
    await eventually(
      () => begun,
      (count) => count === 1,
    );
    await server.restart();
    const raw = await scene.rawClient();
    await eventually(
      () => raw.count(`stats-job ${id}`, 'releases'),
      (count) => count === 1,
    );
    held.open();
    await eventually(
      () => contactsOf(scene),
      (counts) => counts?.ready === 0 && counts.delayed === 0 && counts.reserved === 0,
    );
    expect([begun, most]).toEqual([2, 1]);
  });

  it('do not count a release without a failure as an attempt', async () => {
    const scene = openScene();
    let reserved = 0;
    scene.startWorkers(async () => {
      reserved += 1;
      if (reserved <= 6) throw new TransientError('busy', { code: 'account_busy', retryAfterMs: 0 });
      throw new Error('as planned');
    });
    await scene.client.put(contactsJob(1));
    const failed = () => scene.logger.lines.find(({ message }) => message === 'job failed; will retry');
    expect((await eventually(failed, (line) => line !== undefined))?.fields).toMatchObject({ attempts: 1, delay_seconds: 1 });
  });

  it('retry a job that is to be buried when its reason cannot be stored', async () => {
    const scene = openScene();
    const record = scene.recordBuried;
    let failures = 0;
    scene.recordBuried = async (job) => {
      failures += 1;
      if (failures === 1) throw new TransientError('no database', { code: 'database_unavailable' });
      await record(job);
    };
    scene.startWorkers(async () => {
      throw new BugError('never', { code: 'queue_misused' });
    });
    await scene.client.put(contactsJob(1));
    expect(
      await eventually(
        () => contactsOf(scene),
        (counts) => counts?.buried === 1,
      ),
    ).toMatchObject({ buried: 1 });
    expect(scene.buried).toMatchObject([{ code: 'queue_misused' }]);
    expect(messagesOf(scene)).toEqual(['reason of a buried job not stored; will retry the job', 'job failed; will retry', 'job buried']);
  });

  it('bury a job whose body is too large, and record the start of the body', async () => {
    const scene = openScene();
    scene.startWorkers(async () => {});
    await putRaw(scene, `{"account_id":1,"more":"${'x'.repeat(70_000)}"}`, 60);
    await eventually(
      () => scene.buried.length,
      (count) => count === 1,
    );
    expect(scene.buried).toMatchObject([{ code: 'invalid_job', reason: 'body is larger than 65535 bytes' }]);
    expect(scene.buried[0]?.body).toHaveLength(4_096);
  });

  it('lose no job when they stop while jobs arrive', async () => {
    const scene = openScene();
    const worked = new Set<number>();
    for (let round = 0; round < 20; round += 1) {
      const host = scene.startWorkers(async ({ account_id }) => void worked.add(account_id), 2);
      const puts = Promise.all([1, 2, 3].map((index) => scene.client.put(contactsJob(round * 3 + index))));
      await host.stop(5_000);
      await puts;
      expect(await contactsOf(scene)).toMatchObject({ reserved: 0, delayed: 0, buried: 0 });
    }
    const ready = (await contactsOf(scene))?.ready ?? 0;
    expect(worked.size + ready).toBe(60);
    scene.startWorkers(async ({ account_id }) => void worked.add(account_id));
    expect(
      await eventually(
        () => worked.size,
        (count) => count === 60,
      ),
    ).toBe(60);
  });
});
