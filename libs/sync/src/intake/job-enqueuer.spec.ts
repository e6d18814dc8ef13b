import { describe, expect, it } from '@jest/globals';
import { type Job, type Logger, silentLogger } from '#domain';
import { JobEnqueuer } from './job-enqueuer.js';

function createEnqueuer(put: (job: Job) => Promise<unknown>, logger: Logger = silentLogger) {
  const sleeping: (() => void)[] = [];
  const clock = { nowMs: () => 0, sleep: () => new Promise<void>((wake) => sleeping.push(wake)) };
  const jobs = new JobEnqueuer({ put }, clock, logger);
  /** Ends every sleep, and lets the code after it run. */
  const passTime = async () => {
    for (const wake of sleeping.splice(0)) wake();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { jobs, passTime };
}

describe('JobEnqueuer', () => {
  it('enqueues one job at once and one afterwards for calls that come close together', async () => {
    const put: Job[] = [];
    const { jobs, passTime } = createEnqueuer(async (job) => put.push(job));
    for (let call = 0; call < 10; call += 1) jobs.enqueueContactsSoon(7);
    expect(put).toEqual([{ tube: 'contacts', payload: { account_id: 7 } }]);
    await passTime();
    await passTime();
    expect(put).toHaveLength(2);
    await passTime();
    expect(put).toHaveLength(2);
  });

  it('enqueues a job for each account', () => {
    const put: Job[] = [];
    const { jobs } = createEnqueuer(async (job) => put.push(job));
    jobs.enqueueContactsSoon(7);
    jobs.enqueueContactsSoon(8);
    expect(put.map(({ payload }) => payload)).toEqual([{ account_id: 7 }, { account_id: 8 }]);
  });

  it('enqueues the job of a run as soon as the queue is available again, once', async () => {
    const put: Job[] = [];
    let isDown = true;
    const { jobs, passTime } = createEnqueuer(async (job) => {
      if (isDown) throw new Error('down');
      put.push(job);
    });
    const job = { tube: 'imports', payload: { run_id: '1', account_id: 7 } } as const;
    await jobs.enqueue(job);
    await jobs.enqueue(job);
    for (let second = 0; second < 3; second += 1) await passTime();
    expect(put).toEqual([]);
    isDown = false;
    for (let second = 0; second < 3; second += 1) await passTime();
    expect(put).toEqual([job]);
  });

  it('logs a warning when the queue is unavailable, and tries again at a later call', async () => {
    const warnings: string[] = [];
    let attempts = 0;
    const fail = async () => {
      attempts += 1;
      throw new Error('down');
    };
    const { jobs, passTime } = createEnqueuer(fail, { ...silentLogger, warn: (message) => warnings.push(message) });
    jobs.enqueueContactsSoon(7);
    await passTime();
    await passTime();
    jobs.enqueueContactsSoon(7);
    await passTime();
    expect({ attempts, warnings: warnings.length }).toEqual({ attempts: 2, warnings: 2 });
  });
});
