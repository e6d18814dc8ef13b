/** Commands that are counted, in the order in which `stats` tells them. */
export const countedCommands = [
  'put',
  'peek',
  'peek-ready',
  'peek-delayed',
  'peek-buried',
  'reserve',
  'reserve-with-timeout',
  'delete',
  'release',
  'use',
  'watch',
  'ignore',
  'bury',
  'kick',
  'touch',
  'stats',
  'stats-job',
  'stats-tube',
  'list-tubes',
  'list-tube-used',
  'list-tubes-watched',
  'pause-tube',
] as const;

export type CountedCommand = (typeof countedCommands)[number];

/** Everything `stats` tells that is counted rather than looked up. Reset by a restart, as in beanstalkd. */
export class Counters {
  readonly commands = Object.fromEntries(countedCommands.map((name) => [name, 0])) as Record<CountedCommand, number>;
  urgentJobs = 0;
  readyJobs = 0;
  reservedJobs = 0;
  delayedJobs = 0;
  buriedJobs = 0;
  timeouts = 0;
  totalJobs = 0;
  connections = 0;
  totalConnections = 0;
  producers = 0;
  workers = 0;
  waiting = 0;
}
