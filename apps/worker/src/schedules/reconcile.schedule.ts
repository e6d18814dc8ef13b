import type { AllAccounts } from '#sync';
import type { Schedule } from './schedule.js';

/** Starts a reconciliation of every account that can have one. */
export const reconcileSchedule = (accounts: AllAccounts, cron: string): Schedule => ({
  name: 'reconcile',
  every: { cron },
  run: () => accounts.reconcileAll(),
});
