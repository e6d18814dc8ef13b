import type { AlertDelivery } from '#sync';
import type { Schedule } from './schedule.js';

/** Tells the operator's webhook what someone has to act on. */
export const alertSchedule = (delivery: Pick<AlertDelivery, 'run'>, everySeconds: number): Schedule => ({
  name: 'alerts',
  every: { seconds: everySeconds },
  isDueAtStart: true,
  run: () => delivery.run(),
});
