import type { RoundStore } from '#database';
import type { Clock } from '#domain';
import type { Schedule } from './schedule.js';

const SECOND_MS = 1_000;

/** Where the rounds are written down that somebody took. */
export interface SharedRounds {
  readonly rounds: Pick<RoundStore, 'claim'>;
  readonly clock: Clock;
}

/**
 * Every worker's clock calls a cron round at about the same moment: one of them runs it, and the others' calls within
 * `quietMs` are dropped. A worker whose clock is off by seconds runs it again, which costs calls only.
 */
export const asSharedRound = (schedule: Schedule, { rounds, clock }: SharedRounds, quietMs = SECOND_MS): Schedule => ({
  ...schedule,
  run: async () => {
    const roundMs = Math.round(clock.nowMs() / SECOND_MS) * SECOND_MS;
    if (await rounds.claim(schedule.name, roundMs, quietMs)) await schedule.run();
  },
});
