import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { AccountBlockedError, BugError, TransientError } from '#domain';
import { type QueueServer, queueServerKinds } from '../../support/beanstalkd-process.js';
import { contactsJob, eventually, QueueScene, succeeds } from './queue-scene.js';

/** Reserves one job and holds it until the process is killed. */
const HOLDER = `
  const socket = require('node:net').connect(JSON.parse(process.argv[1]));
  socket.write('watch contacts\\r\\nreserve\\r\\n');
  let received = '';
  socket.on('data', (chunk) => { received += chunk; if (/RESERVED/.test(received)) process.stdout.write('held'); });
`;

const places = queueServerKinds().flatMap((kind) => [
  { kind, isUnix: false, title: kind.name },
  { kind, isUnix: true, title: `a Unix socket of ${kind.name}` },
]);

describe.each(places)('tube workers over $title', ({ kind, isUnix }) => {
  let server: QueueServer;
  let scene: QueueScene;

  beforeEach(async () => {
    server = await kind.start({ isUnix });
    scene = new QueueScene([server.address]);
  });

  afterEach(async () => {
    await scene.close();
    await server.stop();
  });

  const jobsLeft = async () => {
    const all = await scene.client.listTubeStatistics();
    return all.reduce((sum, { ready, reserved, delayed, buried }) => sum + ready + reserved + delayed + buried, 0);
  };

  it('run every job, several at the same time', async () => {
    const worked: number[] = [];
    scene.startWorkers(async ({ account_id }) => void worked.push(account_id), 4);
    const ids = Array.from({ length: 300 }, (_, index) => index + 1);
    await Promise.all(ids.map((id) => scene.client.put(contactsJob(id))));
    await eventually(jobsLeft, (count) => count === 0);
    expect(worked.sort((a, b) => a - b)).toEqual(ids);
    expect(scene.logger.lines).toEqual([]);
  });

  it('R31: retry a failing job with growing delay, then bury it with its reason; never delete it', async () => {
    const raw = await scene.rawClient();
    const delays: (number | undefined)[] = [];
    let attempts = 0;
    scene.startWorkers(async () => {
      attempts += 1;
      throw new Error(`failed as planned (${attempts})`);
    });
    const { id, server: name } = await scene.client.put(contactsJob(1));
    for (let attempt = 1; attempt < 5; attempt += 1) {
      await eventually(
        () => raw.count(`stats-job ${id}`, 'releases'),
        (count) => count === attempt,
      );
      delays.push(await raw.count(`stats-job ${id}`, 'delay'));
      await raw.ask(`kick-job ${id}\r\n`);
    }
    await eventually(
      () => raw.count(`stats-job ${id}`, 'buries'),
      (count) => count === 1,
    );
    expect(delays).toEqual([1, 2, 4, 8]);
    expect(scene.buried).toEqual([
      { tube: 'contacts', server: name, jobId: id, body: '{"account_id":1}', code: 'unexpected', reason: 'failed as planned (5)' },
    ]);
    expect(scene.logger.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(await scene.client.peek('contacts', 'buried')).toMatchObject([{ id, state: 'buried', body: '{"account_id":1}', reserves: 5 }]);
  });

  it('learn on request whether a job was reserved before', async () => {
    const results: boolean[] = [];
    scene.startWorkers(async (_payload, { isRetry }) => {
      results.push(await isRetry());
      if (results.length === 1) throw new TransientError('not yet', { code: 'kommo_unavailable', retryAfterMs: 0 });
    });
    await scene.client.put(contactsJob(1));
    await eventually(jobsLeft, (count) => count === 0);
    expect(results).toEqual([false, true]);
  });

  it('wait as long as a vendor asks for', async () => {
    const raw = await scene.rawClient();
    scene.startWorkers(async () => {
      throw new TransientError('slow down', { code: 'kommo_rate_limited', retryAfterMs: 300_000 });
    });
    const { id } = await scene.client.put(contactsJob(1));
    const delay = await eventually(
      () => raw.count(`stats-job ${id}`, 'delay'),
      (seconds) => seconds !== 0,
    );
    expect(delay).toBe(300);
  });

  it.each([
    ['a job that is not JSON', '{"account', 'invalid_job'],
    ['a job without its account', '{}', 'invalid_job'],
    ['a job that fails with a bug', '{"account_id":7}', 'unexpected'],
  ])('bury %s at once', async (_name, body, code) => {
    const raw = await scene.rawClient();
    scene.startWorkers(async () => {
      throw new BugError('seven is never right', { code: 'unexpected' });
    });
    await raw.ask('use contacts\r\n');
    await raw.ask(`put 0 0 60 ${body.length}\r\n${body}\r\n`);
    await eventually(
      () => raw.count('stats-tube contacts', 'current-jobs-buried'),
      (count) => count === 1,
    );
    expect(scene.buried).toMatchObject([{ body, code }]);
  });

  it('delete the job of a blocked account', async () => {
    let attempts = 0;
    scene.startWorkers(async () => {
      attempts += 1;
      throw new AccountBlockedError('no access', { code: 'reauthorization_required' });
    });
    await scene.client.put(contactsJob(1));
    await eventually(jobsLeft, (count) => count === 0);
    expect([attempts, scene.buried]).toEqual([1, []]);
  });

  it('R32: run the job of a worker process that was killed', async () => {
    await scene.client.put(contactsJob(1));
    const holder = spawn(process.execPath, ['-e', HOLDER, JSON.stringify(server.address)], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    const worked: number[] = [];
    scene.startWorkers(async ({ account_id }) => void worked.push(account_id));
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await eventually(jobsLeft, (count) => count === 0);
    expect(worked).toEqual([1]);
  });

  it('R33: reconnect after a restart of the server and run every job', async () => {
    const worked = new Set<number>();
    scene.startWorkers(async ({ account_id }) => void worked.add(account_id), 2);
    const put = async (id: number) => eventually(() => succeeds(scene.client.put(contactsJob(id))), Boolean);
    const ids = Array.from({ length: 60 }, (_, index) => index + 1);
    await Promise.all(ids.slice(0, 20).map(put));
    const during = Promise.all(ids.slice(20, 40).map(put));
    await server.restart();
    await during;
    await Promise.all(ids.slice(40).map(put));
    await eventually(jobsLeft, (count) => count === 0);
    expect([...worked].sort((a, b) => a - b)).toEqual(ids);
  });

  it('R33: keep a buried and a delayed job during a restart of the server', async () => {
    const raw = await scene.rawClient();
    await scene.client.put(contactsJob(1), { delaySeconds: 1_000 });
    await scene.client.put(contactsJob(2));
    await raw.ask('watch contacts\r\n');
    const id = /RESERVED (\d+)/.exec(await raw.ask('reserve\r\n', /\}\r\n$/))?.[1] ?? '';
    await raw.ask(`bury ${id} 0\r\n`);
    await server.restart();
    const contacts = (await scene.client.listTubeStatistics()).find(({ tube }) => tube === 'contacts');
    expect(contacts).toMatchObject({ buried: 1, delayed: 1, ready: 0 });
    expect(await scene.client.peek('contacts', 'buried')).toMatchObject([{ body: '{"account_id":2}' }]);
  });

  it('R35: run a job once that takes longer than its time-to-run', async () => {
    const raw = await scene.rawClient();
    let running = 0;
    let most = 0;
    scene.startWorkers(async () => {
      running += 1;
      most = Math.max(most, running);
      await systemClock.sleep(5_000);
      running -= 1;
    }, 2);
    await raw.ask('use contacts\r\n');
    await raw.ask('put 0 0 3 16\r\n{"account_id":1}\r\n');
    await eventually(jobsLeft, (count) => count === 0);
    expect([most, await raw.count('stats', 'job-timeouts')]).toEqual([1, 0]);
  });

  it('R34: release a running job when they stop', async () => {
    let isRunning = false;
    const host = scene.startWorkers(async (_payload, { signal }) => {
      isRunning = true;
      await systemClock.sleep(60_000, signal);
    });
    await scene.client.put(contactsJob(1));
    await eventually(() => isRunning, Boolean);
    await host.stop(5_000);
    const contacts = (await scene.client.listTubeStatistics()).find(({ tube }) => tube === 'contacts');
    expect(contacts).toMatchObject({ ready: 1, reserved: 0, delayed: 0, buried: 0 });
  });

  it('R34: stop within the grace period even when a job ignores the signal', async () => {
    let finish = () => {};
    const host = scene.startWorkers(() => new Promise<void>((resolve) => (finish = resolve)));
    await scene.client.put(contactsJob(1));
    const contacts = async () => (await scene.client.listTubeStatistics()).find(({ tube }) => tube === 'contacts');
    await eventually(contacts, (count) => count?.reserved === 1);
    await host.stop(100);
    expect(await eventually(contacts, (count) => count?.ready === 1)).toMatchObject({ ready: 1, reserved: 0 });
    finish();
  });
});
