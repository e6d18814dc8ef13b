/** Commands that `stats` counts, in the order of its fields in beanstalkd 1.12. */
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

/** A command with a `cmd-…` field in `stats`. */
export type CountedCommand = (typeof countedCommands)[number];

/** Counts that `stats` reports for the whole server. They are not in the log: a restart sets them to 0, as in beanstalkd. */
export class Counters {
  readonly commands = Object.fromEntries(countedCommands.map((name) => [name, 0])) as Record<CountedCommand, number>;
  /** Ready jobs with a priority below 1024. */
  urgentJobs = 0;
  readyJobs = 0;
  reservedJobs = 0;
  delayedJobs = 0;
  buriedJobs = 0;
  /** Reserved jobs whose time-to-run ended, since the start. */
  timeouts = 0;
  /** Jobs put since the start. */
  totalJobs = 0;
  /** Open connections. */
  connections = 0;
  /** Connections since the start. */
  totalConnections = 0;
  /** Open connections that have sent at least one put. */
  producers = 0;
  /** Open connections that have sent at least one reserve. */
  workers = 0;
  /** Connections whose reserve waits. */
  waiting = 0;
}
