import { describe, expect, it } from '@jest/globals';
import { type Job, type Logger, silentLogger } from '#domain';
import type { SyncContext } from '../context.js';
import { ContactsJobEnqueuer } from './contacts-job-enqueuer.js';

function createEnqueuer(put: (job: Job) => Promise<unknown>, logger: Logger = silentLogger) {
  const sleeping: (() => void)[] = [];
  const clock = { nowMs: () => 0, sleep: () => new Promise<void>((wake) => sleeping.push(wake)) };
  const contactsJobs = new ContactsJobEnqueuer({ queue: { put }, clock, logger } as unknown as SyncContext);
  /** Ends every pause, and lets what waits for it go on. */
  const passTime = async () => {
    for (const wake of sleeping.splice(0)) wake();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { contactsJobs, passTime };
}

describe('ContactsJobEnqueuer', () => {
  it('makes one job at once and one afterwards of rings that come close together', async () => {
    const jobs: Job[] = [];
    const { contactsJobs, passTime } = createEnqueuer(async (job) => jobs.push(job));
    for (let ring = 0; ring < 10; ring += 1) contactsJobs.enqueueSoon(7);
    expect(jobs).toEqual([{ tube: 'contacts', payload: { account_id: 7 } }]);
    await passTime();
    await passTime();
    expect(jobs).toHaveLength(2);
    await passTime();
    expect(jobs).toHaveLength(2);
  });

  it('rings for each account by itself', () => {
    const jobs: Job[] = [];
    const { contactsJobs } = createEnqueuer(async (job) => jobs.push(job));
    contactsJobs.enqueueSoon(7);
    contactsJobs.enqueueSoon(8);
    expect(jobs.map(({ payload }) => payload)).toEqual([{ account_id: 7 }, { account_id: 8 }]);
  });

  it('leaves the waking to the sweep when the queue is down, and rings again later', async () => {
    const warnings: string[] = [];
    let attempts = 0;
    const fail = async () => {
      attempts += 1;
      throw new Error('down');
    };
    const { contactsJobs, passTime } = createEnqueuer(fail, { ...silentLogger, warn: (message) => warnings.push(message) });
    contactsJobs.enqueueSoon(7);
    await passTime();
    await passTime();
    contactsJobs.enqueueSoon(7);
    await passTime();
    expect({ attempts, warnings: warnings.length }).toEqual({ attempts: 2, warnings: 2 });
  });
});
