import type { Retention } from '#sync';
import type { Schedule } from './schedule.js';

/** Forgets runs, failures, useless events and audit entries that are too old. */
export const purgeSchedule = (retention: Retention, cron: string): Schedule => ({
  name: 'purge',
  every: { cron },
  run: () => retention.run(),
});
