export { ClockModule } from './clock.module.js';
export { DeadlineError, withDeadline } from './deadline.js';
export { systemElapsedMs } from './elapsed-time.js';
export { systemClock } from './system-clock.js';
