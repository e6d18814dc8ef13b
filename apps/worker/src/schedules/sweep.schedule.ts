import type { Sweep } from '#sync';
import type { Schedule } from './schedule.js';

/** Puts again what has perhaps lost its job. */
export const sweepSchedule = (sweep: Sweep, everySeconds: number): Schedule => ({
  name: 'sweep',
  every: { seconds: everySeconds },
  run: () => sweep.run(),
});
