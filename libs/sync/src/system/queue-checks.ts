import { Injectable } from '@nestjs/common';
import { tubes } from '#domain';
import { QueueClient, type ServerState, type TubeStatistics } from '#queue';
import { type Finding, ok, problem } from './finding.js';

/** The queue servers, and the tubes on those that reply. */
export interface QueueState {
  readonly servers: readonly ServerState[];
  readonly tubes: readonly TubeStatistics[];
}

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Checks queue servers, tubes and their workers. */
@Injectable()
export class QueueChecks {
  constructor(private readonly queue: QueueClient) {}

  /** Reads the state. Never throws. */
  async readState(): Promise<QueueState> {
    const [servers, statistics] = await Promise.all([this.queue.listServers(), this.queue.listTubeStatistics().catch(() => [])]);
    return { servers, tubes: statistics };
  }

  /** Returns the findings. */
  run(state: QueueState): Finding[] {
    if (state.servers.length === 0) {
      const message = 'No queue server is running';
      return [problem('queue', 'error', { message, remedy: 'Start the service, or check BEANSTALK_URL.' })];
    }
    const servers = state.servers.map((server) => this.checkServer(server));
    return state.tubes.length === 0 ? servers : [...servers, ...this.checkWorkers(state), ...this.checkTubes(state)];
  }

  private checkServer(state: ServerState): Finding {
    const { server: subject } = state;
    if (!state.isUp) {
      const message = `The queue server does not reply: ${state.problem}`;
      return problem('queue', 'error', { subject, message, remedy: 'Start beanstalkd, and check BEANSTALK_URL.' });
    }
    if (!state.isDraining) return ok('queue', `The queue server replies (version ${state.version})`, subject);
    const message = 'The queue server accepts no more jobs: it is in drain mode';
    return problem('queue', 'warning', { subject, message, remedy: 'Restart the queue server when it is empty.' });
  }

  private checkWorkers({ tubes: statistics }: QueueState): Finding[] {
    const idle = tubes.filter((tube) => statistics.every((each) => each.tube !== tube || each.waiting + each.reserved === 0));
    if (idle.length === 0) return [ok('workers', 'Every tube has a worker')];
    const remedy = 'Start a worker: npm run start:worker. Read its log if it runs.';
    if (idle.length === tubes.length) return [problem('workers', 'error', { message: 'No worker is connected to the queue', remedy })];
    return idle.map((subject) =>
      problem('workers', 'error', { subject, message: `No worker waits for jobs of the tube ${subject}`, remedy }),
    );
  }

  private checkTubes({ tubes: statistics }: QueueState): Finding[] {
    return statistics.flatMap(({ server, tube, buried, paused, pausedSecondsLeft }) => {
      const subject = `${tube} on ${server}`;
      const message = `${plural(buried, 'job')} of the tube ${tube} ${buried === 1 ? 'is' : 'are'} buried`;
      const remedy = `Read the reasons (npm run cli -- failures), remove the cause, then kick the tube ${tube}.`;
      const pause = `The tube ${tube} is paused for ${plural(pausedSecondsLeft, 'second')}`;
      return [
        ...(buried > 0 ? [problem('buried_jobs', 'warning', { subject, message, remedy })] : []),
        ...(paused ? [problem('paused', 'warning', { subject, message: pause, remedy: `Run npm run cli -- resume ${tube}.` })] : []),
      ];
    });
  }
}
