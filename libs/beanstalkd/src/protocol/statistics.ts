import { countedCommands } from '../core/counters.js';
import type { Job } from '../core/job.js';
import type { QueueState } from '../core/queue-state.js';
import type { Tube } from '../core/tube.js';

/** What `stats` tells of the process and the machine. */
export interface ServerFacts {
  readonly pid: number;
  readonly version: string;
  /** Random, made anew on each start. */
  readonly instanceId: string;
  readonly hostname: string;
  readonly os: string;
  readonly platform: string;
  readonly startedAtMs: number;
  /** CPU time of this process, microseconds. */
  cpuMicroseconds(): { user: number; system: number };
}

type Entry = readonly [key: string, value: string | number];

function dictionary(entries: readonly Entry[]): string {
  return `---\n${entries.map(([key, value]) => `${key}: ${value}\n`).join('')}`;
}

function wholeSeconds(ms: number): number {
  return Math.trunc(ms / 1000);
}

/** beanstalkd counts in nanoseconds and cuts: the first second of a delay is over as soon as it has begun. */
function secondsLeft(ms: number): number {
  return ms > 0 ? Math.ceil(ms / 1000) - 1 : wholeSeconds(ms);
}

function seconds(microseconds: number): string {
  return `${Math.trunc(microseconds / 1e6)}.${String(Math.trunc(microseconds % 1e6)).padStart(6, '0')}`;
}

export function listNames(tubes: readonly Tube[]): string {
  return `---\n${tubes.map((tube) => `- ${tube.name}\n`).join('')}`;
}

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

export function describeServer(state: QueueState, facts: ServerFacts, maxJobBytes: number): string {
  return dictionary([...describeWork(state, maxJobBytes), ...describeProcess(state, facts), ...describeMachine(state, facts)]);
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

function describeProcess(state: QueueState, facts: ServerFacts): Entry[] {
  const cpu = facts.cpuMicroseconds();
  return [
    ['pid', facts.pid],
    ['version', `"${facts.version}"`],
    ['rusage-utime', seconds(cpu.user)],
    ['rusage-stime', seconds(cpu.system)],
    ['uptime', wholeSeconds(state.nowMs - facts.startedAtMs)],
  ];
}

function describeMachine(state: QueueState, facts: ServerFacts): Entry[] {
  const journal = state.journalStatistics;
  return [
    ['binlog-oldest-index', journal.oldestIndex],
    ['binlog-current-index', journal.currentIndex],
    ['binlog-records-migrated', journal.recordsMigrated],
    ['binlog-records-written', journal.recordsWritten],
    ['binlog-max-size', journal.maxSegmentBytes],
    ['draining', String(state.isDraining)],
    ['id', facts.instanceId],
    ['hostname', facts.hostname],
    ['os', facts.os],
    ['platform', facts.platform],
  ];
}
