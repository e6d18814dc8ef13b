import type { Tube } from '#domain';
import type { ReservedJob, Statistics } from './beanstalk-connection.js';

/** A tube's counters on one server. */
export interface TubeStatistics {
  readonly server: string;
  readonly tube: Tube;
  readonly ready: number;
  readonly reserved: number;
  readonly delayed: number;
  readonly buried: number;
  readonly waiting: number;
  readonly paused: boolean;
}

/** A server's counters since its start. */
export interface ServerStatistics {
  readonly server: string;
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly connections: number;
  readonly jobsPut: number;
  readonly jobTimeouts: number;
  /** It takes no more jobs: somebody prepares to stop it. */
  readonly isDraining: boolean;
}

/** A job as its server knows it. */
export interface JobView {
  readonly server: string;
  readonly id: string;
  readonly tube: string;
  readonly state: string;
  /** JSON that carries ids only, when it is one of ours. */
  readonly body: string;
  /** 0 is the most urgent. */
  readonly priority: number;
  readonly ageSeconds: number;
  /** Until it is ready, or its holder's time is over; else 0. */
  readonly timeLeftSeconds: number;
  readonly reserves: number;
  readonly releases: number;
  readonly timeouts: number;
  readonly buries: number;
  readonly kicks: number;
}

const counterOf = (statistics: Statistics | undefined) => (name: string) => Number(statistics?.[name] ?? 0);

export function toTubeStatistics(server: string, tube: Tube, statistics: Statistics | undefined): TubeStatistics {
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
  };
}

export function toServerStatistics(server: string, statistics: Statistics): ServerStatistics {
  const count = counterOf(statistics);
  return {
    server,
    version: String(statistics['version']),
    uptimeSeconds: count('uptime'),
    connections: count('current-connections'),
    jobsPut: count('total-jobs'),
    jobTimeouts: count('job-timeouts'),
    isDraining: String(statistics['draining']) === 'true',
  };
}

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
