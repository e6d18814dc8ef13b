import type { AllAccounts } from '#sync';
import type { Schedule } from './schedule.js';

/** Looks after every account's subscriptions: a hook that was switched off is mended and the gap reconciled. */
export const watchdogSchedule = (accounts: AllAccounts, cron: string): Schedule => ({
  name: 'watchdog',
  every: { cron },
  run: () => accounts.checkAll(),
});
