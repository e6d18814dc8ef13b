import type { ContactCensus } from '#sync';
import type { Schedule } from './schedule.js';

export const CENSUS_SECONDS = 60;

/** Counts contacts for the figures of `/metrics`. */
export const censusSchedule = (census: Pick<ContactCensus, 'run'>): Schedule => ({
  name: 'census',
  every: { seconds: CENSUS_SECONDS },
  isDueAtStart: true,
  run: () => census.run(),
});
