import { afterEach, describe, expect, it } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import { systemClock } from '#clock';
import { RecordingLogger } from '../../support/sync-harness.js';
import { settableClock } from '../../support/settable-clock.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';
import { RoundStore } from '#database';
import { ScheduleRounds } from '../../../apps/worker/src/schedules/schedule-rounds.js';
import { type Schedule, Schedules } from '../../../apps/worker/src/schedules/schedule-table.js';
import { Scheduler } from '../../../apps/worker/src/schedules/scheduler.js';

const NOW_MS = 1_790_000_000_000;

const counting = (more: Partial<Schedule> = {}) => {
  const counts = { rounds: 0 };
  const schedule: Schedule = {
    name: 'token-renewal',
    every: { cron: '0 0 1 1 *' },
    rounds: 'own',
    run: async () => void (counts.rounds += 1),
    ...more,
  };
  return { schedule, counts };
};

const noReports = { report: () => {} };

describe('Scheduler', () => {
  const schedulers: Scheduler[] = [];
  const logger = new RecordingLogger();

  const stop = async (scheduler: Scheduler): Promise<void> => {
    scheduler.onModuleDestroy();
    await scheduler.beforeApplicationShutdown();
  };

  afterEach(async () => {
    for (const scheduler of schedulers.splice(0)) await stop(scheduler);
  });

  const start = async (...schedules: Schedule[]): Promise<void> => {
    const rounds = new ScheduleRounds({ claim: async () => true }, systemClock, noReports);
    const scheduler = new Scheduler(new SchedulerRegistry(), new Schedules(schedules), rounds, logger);
    schedulers.push(scheduler);
    scheduler.onApplicationBootstrap();
    await stop(scheduler);
  };

  it('runs a round at the start for the schedules that say so, and for no other', async () => {
    const [due, other] = [counting({ runsAtStart: true }), counting({ name: 'reconcile' })];
    await start(due.schedule, other.schedule);
    expect([due.counts.rounds, other.counts.rounds]).toEqual([1, 0]);
  });

  it('logs a failed round and keeps running', async () => {
    await start({ ...counting().schedule, runsAtStart: true, run: () => Promise.reject(new Error('no database')) });
    expect(logger.lines).toContainEqual(expect.stringContaining('warn schedule failed schedule=token-renewal'));
  });
});

describe.each(testDatabaseKinds())('a shared round on %s', (kind) => {
  const databases = openTestDatabases(kind);

  it('runs in one worker only, and so does the next round', async () => {
    const location = await databases.createMigrated();
    const clock = settableClock(NOW_MS);
    const { schedule, counts } = counting({ rounds: 'shared' });
    const workers = await Promise.all(
      [1, 2, 3].map(async () => new ScheduleRounds(new RoundStore(await databases.openAt(location)), clock, noReports)),
    );
    for (const [round, millisecondsOff] of [3, 480, -120, 0].entries()) {
      clock.set(NOW_MS + round * 1_000 + millisecondsOff);
      await Promise.all(workers.map((worker) => worker.run(schedule)));
      expect(counts.rounds).toBe(round + 1);
    }
  });

  it('does not run again in a worker whose clock is late; each schedule has its own rounds', async () => {
    const rounds = new RoundStore(await databases.open());
    expect(await rounds.claim('watchdog', NOW_MS, 1_000)).toBe(true);
    expect(await rounds.claim('watchdog', NOW_MS - 5_000, 1_000)).toBe(false);
    expect(await rounds.claim('uninstall', NOW_MS, 1_000)).toBe(true);
    expect(await rounds.claim('watchdog', NOW_MS + 1_000, 1_000)).toBe(true);
  });
});
