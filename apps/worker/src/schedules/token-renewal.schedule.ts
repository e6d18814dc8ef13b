import type { JobQueue, TokenService } from '#sync';
import type { Schedule } from './schedule.js';

/** Puts renewal jobs for every account whose token ends soon. */
export const tokenRenewalSchedule = (tokens: TokenService, queue: JobQueue, options: { cron: string; withinHours: number }): Schedule => ({
  name: 'token-renewal',
  every: { cron: options.cron },
  run: async () => {
    for await (const ids of tokens.renewExpiring(options.withinHours)) {
      await queue.put({ tube: 'accesses', payload: { account_ids: ids } });
    }
  },
});
