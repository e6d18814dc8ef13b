import type { Clock } from '#domain';
import type { RoundStore } from '#database';
import type { Schedule } from './schedule.js';

const SECOND_MS = 1_000;

/** Every worker's clock calls this round at about the same moment: one of them runs it. A worker whose clock is off by seconds runs it again, which costs calls only. */
export const asSharedRound = (schedule: Schedule, rounds: Pick<RoundStore, 'claim'>, clock: Clock): Schedule => ({
  ...schedule,
  run: async () => {
    const roundMs = Math.round(clock.nowMs() / SECOND_MS) * SECOND_MS;
    if (await rounds.claim(schedule.name, roundMs, SECOND_MS)) await schedule.run();
  },
});
