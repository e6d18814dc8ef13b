import type { Uninstall } from '#sync';
import type { Schedule } from './schedule.js';

/** Looks after accounts that were disconnected, and deletes their data when the time has come. */
export const uninstallSchedule = (uninstall: Uninstall, cron: string): Schedule => ({
  name: 'uninstall',
  every: { cron },
  run: () => uninstall.settleAll(),
});
