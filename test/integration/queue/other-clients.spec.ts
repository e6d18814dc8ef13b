import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import FivebeansWorker from 'fivebeans/lib/worker.js';
import jackd, { type JackdClient } from 'jackd';
import { type QueueServer, queueServerKinds, RawClient } from '../../support/beanstalkd-process.js';
import { eventually } from './queue-scene.js';

/** The package exports the class itself; its types are wrong. */
const Jackd = jackd as unknown as typeof JackdClient;

const HOST = '127.0.0.1';
describe.each(queueServerKinds())('published clients with $name', (kind) => {
  let server: QueueServer;

  beforeEach(async () => {
    server = await kind.start();
  });

  afterEach(() => server.stop());

  describe('jackd', () => {
    let client: JackdClient;

    beforeEach(async () => {
      client = await new Jackd().connect({ host: HOST, port: server.port });
    });

    afterEach(() => client.close());

    const fieldOf = (yaml: string, name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(yaml)?.[1];
    const reserveText = async () => (await client.reserveWithTimeout(1)).payload.toString();

    it('puts into a tube, reserves by priority and deletes', async () => {
      expect(await client.use('letters')).toBe('letters');
      expect(await client.watch('letters')).toBe(2);
      expect(await client.ignore('default')).toBe(1);
      await client.put('late', { priority: 9 });
      await client.put('soon', { priority: 1 });
      const job = await client.reserve();
      expect(job.payload.toString()).toBe('soon');
      await client.touch(job.id);
      await client.delete(job.id);
      await expect(client.delete(job.id)).rejects.toThrow('NOT_FOUND');
      expect(await reserveText()).toBe('late');
      await expect(client.reserveWithTimeout(0)).rejects.toThrow(/TIMED_OUT|DEADLINE_SOON/);
      expect(await client.listTubeUsed()).toBe('letters');
    });

    it('gets every byte of a body back, also of a large one', async () => {
      const bodies = ['\r\nDELETED\r\n', '\0\u{1f98a}\r', 'ж'.repeat(32_767)];
      for (const body of bodies) await client.put(body);
      for (const body of bodies) {
        const { id, payload } = await client.reserve();
        expect(payload.toString()).toBe(body);
        await client.delete(id);
      }
    });

    it('buries, peeks, kicks, delays and releases a job, and reads its statistics', async () => {
      const id = await client.put('work', { priority: 5, ttr: 90 });
      await client.reserveJob(Number(id));
      await client.bury(id, 7);
      expect((await client.peekBuried()).id).toBe(id);
      expect(await client.kick(10)).toBe(1);
      expect((await client.peekReady()).id).toBe(id);
      await client.reserve();
      await client.release(id, { priority: 3, delay: 500 });
      expect((await client.peekDelayed()).payload.toString()).toBe('work');
      await client.kickJob(id);
      expect((await client.peek(id)).payload.toString()).toBe('work');
      const job = await client.statsJob(id);
      const names = ['state', 'pri', 'ttr', 'reserves', 'releases', 'buries', 'kicks', 'timeouts'];
      expect(names.map((name) => fieldOf(job, name))).toEqual(['ready', '3', '90', '2', '1', '1', '2', '0']);
      expect(fieldOf(await client.statsTube('default'), 'current-jobs-ready')).toBe('1');
    });
  });

  it("fivebeans' own worker completes, releases and buries jobs, and stops without touching the others", async () => {
    const raw = await RawClient.connect(server.port);
    const worked: unknown[] = [];
    const handlers = {
      good: { type: 'good', work: (payload: unknown, end: (action: 'success') => void) => (worked.push(payload), end('success')) },
      later: { type: 'later', work: (_: unknown, end: (action: 'release', delaySeconds: number) => void) => end('release', 1_000) },
      bad: { type: 'bad', work: (_: unknown, end: (action: 'bury') => void) => end('bury') },
    };
    const worker = new FivebeansWorker({ id: 'one', host: HOST, port: server.port, handlers, ignoreDefault: true, timeout: 1 });
    const warnings: unknown[] = [];
    worker.on('warning', (warning) => warnings.push(warning));
    worker.start(['mail']);
    await once(worker, 'started');
    await raw.ask('use mail\r\n');
    for (const body of [
      '{"type":"good","payload":"ä€🦊"}',
      '["mail",{"type":"good","payload":2}]',
      '{"type":"later"}',
      '{"type":"bad"}',
      'no JSON',
    ])
      await raw.ask(`put 1 0 60 ${Buffer.byteLength(body)}\r\n${Buffer.from(body).toString('latin1')}\r\n`);
    await eventually(
      () => raw.count('stats-tube mail', 'current-jobs-buried'),
      (buried) => buried === 2,
    );
    worker.stop();
    await once(worker, 'stopped');
    expect(worked).toEqual(['ä€🦊', 2]);
    expect(warnings).toMatchObject([{ message: 'parsing job JSON' }]);
    for (const [name, count] of Object.entries({ 'current-jobs-ready': 0, 'current-jobs-delayed': 1, 'cmd-delete': 2 }))
      expect([name, await raw.count('stats-tube mail', name)]).toEqual([name, count]);
    raw.close();
  });
});
