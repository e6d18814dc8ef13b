import type { Clock } from '#domain';
import type { SendOutbound } from './http/outbound.js';
import type { Random } from './random.js';
import type { Scheduler } from './scheduler.js';
import type { Switches } from './switches.js';

/** What both emulators need from the outside. */
export interface EmulatorPorts {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly switches: Switches;
  readonly send: SendOutbound;
  readonly random: Random;
}
