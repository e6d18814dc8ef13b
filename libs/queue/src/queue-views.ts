import type { ReservedJob, Statistics } from './beanstalk-connection.js';

/** Identifies a job in the whole deployment: each server has its own ids. */
export interface JobAddress {
  /** `host:port`, or the path of a Unix socket. */
  readonly server: string;
  readonly id: string;
}

/** A tube's counters on one server. */
export interface TubeStatistics {
  readonly server: string;
  readonly tube: string;
  readonly ready: number;
  readonly reserved: number;
  readonly delayed: number;
  readonly buried: number;
  /** Clients that wait for a job. */
  readonly waiting: number;
  readonly paused: boolean;
  /** 0 unless it is paused. */
  readonly pausedSecondsLeft: number;
  /** Jobs since the start of the server. */
  readonly jobsPut: number;
  readonly jobsDeleted: number;
}

/** A server's counters since its start, or why it does not reply. */
export type ServerState =
  | {
      readonly server: string;
      readonly isUp: true;
      readonly version: string;
      readonly uptimeSeconds: number;
      readonly connections: number;
      /** Connections that reserve jobs. */
      readonly workers: number;
      readonly jobsPut: number;
      readonly jobTimeouts: number;
      /** It accepts no more jobs (drain mode, before a stop). */
      readonly isDraining: boolean;
    }
  | { readonly server: string; readonly isUp: false; readonly problem: string };

/** A job with its server's counters. */
export interface JobView extends JobAddress {
  readonly tube: string;
  /** `ready`, `reserved`, `delayed` or `buried`. */
  readonly state: string;
  /** JSON that carries ids only, if the job is one of ours. */
  readonly body: string;
  /** 0 is the most urgent. */
  readonly priority: number;
  readonly ageSeconds: number;
  /** Until a delayed job is ready, or until a reserved job's time-to-run ends; else 0. */
  readonly timeLeftSeconds: number;
  /** How often a client reserved it. */
  readonly reserves: number;
  readonly releases: number;
  readonly timeouts: number;
  readonly buries: number;
  readonly kicks: number;
}

/** Reads counters by beanstalkd's own names; zero for a counter that is missing. */
export const counterOf = (statistics: Statistics | undefined) => (name: string) => Number(statistics?.[name] ?? 0);

/** From the reply to `stats-tube`; zeros for a tube that the server does not have. */
export function toTubeStatistics(server: string, tube: string, statistics: Statistics | undefined): TubeStatistics {
  const count = counterOf(statistics);
  return {
    server,
    tube,
    ready: count('current-jobs-ready'),
    reserved: count('current-jobs-reserved'),
    delayed: count('current-jobs-delayed'),
    buried: count('current-jobs-buried'),
    waiting: count('current-waiting'),
    paused: count('pause') > 0,
    pausedSecondsLeft: count('pause-time-left'),
    jobsPut: count('total-jobs'),
    jobsDeleted: count('cmd-delete'),
  };
}

/** From the reply to `stats`. */
export function toServerState(server: string, statistics: Statistics): ServerState {
  const count = counterOf(statistics);
  return {
    server,
    isUp: true,
    version: String(statistics['version']),
    uptimeSeconds: count('uptime'),
    connections: count('current-connections'),
    workers: count('current-workers'),
    jobsPut: count('total-jobs'),
    jobTimeouts: count('job-timeouts'),
    isDraining: String(statistics['draining']) === 'true',
  };
}

/** From a job and the reply to `stats-job`. */
export function toJobView(server: string, { id, body }: ReservedJob, statistics: Statistics): JobView {
  const count = counterOf(statistics);
  return {
    server,
    id,
    tube: String(statistics['tube']),
    state: String(statistics['state']),
    body: body.toString('utf8'),
    priority: count('pri'),
    ageSeconds: count('age'),
    timeLeftSeconds: count('time-left'),
    reserves: count('reserves'),
    releases: count('releases'),
    timeouts: count('timeouts'),
    buries: count('buries'),
    kicks: count('kicks'),
  };
}
