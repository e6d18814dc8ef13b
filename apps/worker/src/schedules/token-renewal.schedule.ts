import type { TokenService } from '#sync';
import type { Schedule } from './schedule.js';

/** Puts renewal jobs for every account whose token ends soon; at once after a start, because the service may have been off for weeks. */
export const tokenRenewalSchedule = (tokens: TokenService, options: { cron: string; withinHours: number }): Schedule => ({
  name: 'token-renewal',
  every: { cron: options.cron },
  isDueAtStart: true,
  run: async () => {
    await tokens.queueRenewals(options.withinHours);
  },
});
