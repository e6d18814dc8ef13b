import { randomUUID } from 'node:crypto';
import { ServiceError } from '#domain';
import type { CronitorClient } from '#monitoring';
import type { Schedule } from './schedule.js';

/** The key of a schedule's monitor at Cronitor. */
export const monitorOf = (schedule: string): string => `kommo-unisender-${schedule}`;

/** The schedule, telling Cronitor when a round begins and how it ends. It neither waits for Cronitor nor fails with it. */
export const withHeartbeat = (schedule: Schedule, cronitor: Pick<CronitorClient, 'report'>): Schedule => ({
  ...schedule,
  run: async () => {
    const round = { monitor: monitorOf(schedule.name), series: randomUUID() };
    cronitor.report({ ...round, state: 'run' });
    try {
      await schedule.run();
    } catch (error) {
      cronitor.report({ ...round, state: 'fail', message: error instanceof ServiceError ? error.code : 'unexpected' });
      throw error;
    }
    cronitor.report({ ...round, state: 'complete' });
  },
});
