import { afterEach, describe, expect, it } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import { RecordingLogger } from '../../support/sync-harness.js';
import { settableClock } from '../../support/settable-clock.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';
import { RoundStore } from '#database';
import type { Schedule } from '../../../apps/worker/src/schedules/schedule.js';
import { Scheduler } from '../../../apps/worker/src/schedules/scheduler.js';
import { asSharedRound } from '../../../apps/worker/src/schedules/shared-round.js';

const NOW_MS = 1_790_000_000_000;

const counting = (more: Partial<Schedule> = {}) => {
  const counts = { rounds: 0 };
  const schedule: Schedule = { name: 'token-renewal', every: { cron: '0 0 1 1 *' }, run: async () => void (counts.rounds += 1), ...more };
  return { schedule, counts };
};

describe('the scheduler', () => {
  const schedulers: Scheduler[] = [];
  const logger = new RecordingLogger();

  afterEach(async () => {
    for (const scheduler of schedulers.splice(0)) await scheduler.onApplicationShutdown();
  });

  const start = async (...schedules: Schedule[]): Promise<void> => {
    const scheduler = new Scheduler(new SchedulerRegistry(), schedules, logger);
    schedulers.push(scheduler);
    scheduler.onApplicationBootstrap();
    await scheduler.onApplicationShutdown();
  };

  it('runs at once what is due at a start, and nothing else', async () => {
    const [due, other] = [counting({ isDueAtStart: true }), counting({ name: 'reconcile' })];
    await start(due.schedule, other.schedule);
    expect([due.counts.rounds, other.counts.rounds]).toEqual([1, 0]);
  });

  it('outlives a round that fails, and says so', async () => {
    await start({ ...counting().schedule, isDueAtStart: true, run: () => Promise.reject(new Error('no database')) });
    expect(logger.lines).toContainEqual(expect.stringContaining('the schedule token-renewal failed'));
  });
});

describe.each(testDatabaseKinds())('a round that workers share on %s', (kind) => {
  const databases = openTestDatabases(kind);

  it('is run by one of them, whoever is first, and so is the next one', async () => {
    const location = await databases.createMigrated();
    const clock = settableClock(NOW_MS);
    const { schedule, counts } = counting();
    const workers = await Promise.all(
      [1, 2, 3].map(async () => asSharedRound(schedule, { rounds: new RoundStore(await databases.openAt(location)), clock })),
    );
    for (const [round, millisecondsOff] of [3, 480, -120, 0].entries()) {
      clock.set(NOW_MS + round * 1_000 + millisecondsOff);
      await Promise.all(workers.map((worker) => worker.run()));
      expect(counts.rounds).toBe(round + 1);
    }
  });

  it('is not run twice by a worker whose clock is late, and each name has rounds of its own', async () => {
    const rounds = new RoundStore(await databases.open());
    expect(await rounds.claim('watchdog', NOW_MS, 1_000)).toBe(true);
    expect(await rounds.claim('watchdog', NOW_MS - 5_000, 1_000)).toBe(false);
    expect(await rounds.claim('uninstall', NOW_MS, 1_000)).toBe(true);
    expect(await rounds.claim('watchdog', NOW_MS + 1_000, 1_000)).toBe(true);
  });
});
