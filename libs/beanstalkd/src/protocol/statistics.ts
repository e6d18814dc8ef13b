import { countedCommands } from '../core/counters.js';
import type { Job } from '../core/job.js';
import type { QueueState } from '../core/queue-state.js';
import type { Tube } from '../core/tube.js';

/** The fields of `stats` about the process and the machine (protocol.txt). */
export interface ServerInfo {
  readonly pid: number;
  readonly version: string;
  /** Random hex digits, new on each start. */
  readonly instanceId: string;
  /** Name of the machine, as `uname -n`. */
  readonly hostname: string;
  /** Version of the operating system, as `uname -v`. */
  readonly os: string;
  /** Hardware architecture, as `uname -m`. */
  readonly platform: string;
  /** ms since the epoch. */
  readonly startedAtMs: number;
  /** CPU time of this process so far, in microseconds. */
  cpuMicroseconds(): { user: number; system: number };
}

type Entry = readonly [key: string, value: string | number];

function dictionary(entries: readonly Entry[]): string {
  return `---\n${entries.map(([key, value]) => `${key}: ${value}\n`).join('')}`;
}

function wholeSeconds(ms: number): number {
  return Math.trunc(ms / 1000);
}

/** beanstalkd counts in nanoseconds and truncates: right after a delay of 5 s has begun it reports 4. */
function secondsLeft(ms: number): number {
  return ms > 0 ? Math.ceil(ms / 1000) - 1 : wholeSeconds(ms);
}

function seconds(microseconds: number): string {
  return `${Math.trunc(microseconds / 1e6)}.${String(Math.trunc(microseconds % 1e6)).padStart(6, '0')}`;
}

/** Returns the YAML list of tube names, the data of `list-tubes` and `list-tubes-watched`. */
export function listNames(tubes: readonly Tube[]): string {
  return `---\n${tubes.map((tube) => `- ${tube.name}\n`).join('')}`;
}

/** Returns the YAML data of `stats-job`. Fields and their order: beanstalkd 1.12. `nowMs`: ms since the epoch. */
export function describeJob(job: Job, nowMs: number): string {
  const hasDeadline = job.state === 'reserved' || job.state === 'delayed';
  return dictionary([
    ['id', job.id],
    ['tube', job.tube.name],
    ['state', job.state],
    ['pri', job.priority],
    ['age', wholeSeconds(nowMs - job.createdAtMs)],
    ['delay', wholeSeconds(job.delayMs)],
    ['ttr', wholeSeconds(job.ttrMs)],
    ['time-left', hasDeadline ? secondsLeft(job.deadlineAtMs - nowMs) : 0],
    ['file', job.segment?.index ?? 0],
    ['reserves', job.reserves],
    ['timeouts', job.timeouts],
    ['releases', job.releases],
    ['buries', job.buries],
    ['kicks', job.kicks],
  ]);
}

/** Returns the YAML data of `stats-tube`. Fields and their order: beanstalkd 1.12. `nowMs`: ms since the epoch. */
export function describeTube(tube: Tube, nowMs: number): string {
  return dictionary([
    ['name', tube.name],
    ['current-jobs-urgent', tube.urgentJobs],
    ['current-jobs-ready', tube.ready.size],
    ['current-jobs-reserved', tube.reservedJobs],
    ['current-jobs-delayed', tube.delayed.size],
    ['current-jobs-buried', tube.buried.size],
    ['total-jobs', tube.totalJobs],
    ['current-using', tube.users],
    ['current-watching', tube.watchers],
    ['current-waiting', tube.waiting.size],
    ['cmd-delete', tube.totalDeletes],
    ['cmd-pause-tube', tube.totalPauses],
    ['pause', wholeSeconds(tube.pauseMs)],
    ['pause-time-left', tube.pauseMs > 0 ? secondsLeft(tube.unpauseAtMs - nowMs) : 0],
  ]);
}

/** Returns the YAML data of `stats`. Fields and their order: beanstalkd 1.12. */
export function describeServer(state: QueueState, serverInfo: ServerInfo, maxJobBytes: number): string {
  return dictionary([...describeWork(state, maxJobBytes), ...describeProcess(state, serverInfo), ...describeMachine(state, serverInfo)]);
}

function describeWork({ counters, tubes }: QueueState, maxJobBytes: number): Entry[] {
  return [
    ['current-jobs-urgent', counters.urgentJobs],
    ['current-jobs-ready', counters.readyJobs],
    ['current-jobs-reserved', counters.reservedJobs],
    ['current-jobs-delayed', counters.delayedJobs],
    ['current-jobs-buried', counters.buriedJobs],
    ...countedCommands.map((name): Entry => [`cmd-${name}`, counters.commands[name]]),
    ['job-timeouts', counters.timeouts],
    ['total-jobs', counters.totalJobs],
    ['max-job-size', maxJobBytes],
    ['current-tubes', tubes.size],
    ['current-connections', counters.connections],
    ['current-producers', counters.producers],
    ['current-workers', counters.workers],
    ['current-waiting', counters.waiting],
    ['total-connections', counters.totalConnections],
  ];
}

function describeProcess(state: QueueState, serverInfo: ServerInfo): Entry[] {
  const cpu = serverInfo.cpuMicroseconds();
  return [
    ['pid', serverInfo.pid],
    ['version', `"${serverInfo.version}"`],
    ['rusage-utime', seconds(cpu.user)],
    ['rusage-stime', seconds(cpu.system)],
    ['uptime', wholeSeconds(state.nowMs - serverInfo.startedAtMs)],
  ];
}

function describeMachine(state: QueueState, serverInfo: ServerInfo): Entry[] {
  const journal = state.journalStatistics;
  return [
    ['binlog-oldest-index', journal.oldestIndex],
    ['binlog-current-index', journal.currentIndex],
    ['binlog-records-migrated', journal.recordsMigrated],
    ['binlog-records-written', journal.recordsWritten],
    ['binlog-max-size', journal.maxSegmentBytes],
    ['draining', String(state.isDraining)],
    ['id', serverInfo.instanceId],
    ['hostname', serverInfo.hostname],
    ['os', serverInfo.os],
    ['platform', serverInfo.platform],
  ];
}
