import { Injectable } from '@nestjs/common';
import { InvalidInputError } from '#domain';
import { type JobRef, QueueClient } from './queue-client.js';
import type { JobAddress, JobView, ServerState } from './queue-views.js';

/** What an operator does with one job. */
export const jobActions = ['kick', 'bury', 'delete'] as const;

/** One of {@link jobActions}. */
export type JobAction = (typeof jobActions)[number];

/** A job after an operator's action. */
export interface JobChange extends JobAddress {
  readonly tube: string;
  readonly action: JobAction;
  /** The state before: `ready`, `reserved`, `delayed` or `buried`. */
  readonly was: string;
}

const isPossible: Readonly<Record<JobAction, (state: string) => boolean>> = {
  kick: (state) => state === 'buried' || state === 'delayed',
  bury: (state) => state !== 'reserved' && state !== 'buried',
  delete: (state) => state !== 'reserved',
};

const ambiguous = (message: string, servers: readonly string[]) =>
  new InvalidInputError(message, {
    code: 'job_ambiguous',
    fields: [{ field: 'server', problem: `must be one of ${servers.join(', ')}` }],
  });

const unknown = () =>
  new InvalidInputError('Unknown job', { code: 'job_unknown', fields: [{ field: 'job_id', problem: 'is not the id of a job' }] });

const impossible = (action: JobAction, state: string) =>
  new InvalidInputError(`A ${state} job cannot be changed by ${action}`, {
    code: 'job_state',
    fields: [{ field: 'job_id', problem: `is the id of a ${state} job` }],
  });

/** Changes single jobs for an operator. A job id is unique on its server only. */
@Injectable()
export class QueueAdmin {
  constructor(private readonly queue: QueueClient) {}

  /**
   * Kicks, buries or deletes one job. Throws InvalidInputError: `invalid_job_id`, `unknown_queue_server`, `job_unknown`,
   * `job_ambiguous` when no server is named and several may have a job with this id, `job_state` when the state of the job does not
   * allow the action. Throws TransientError `queue_unavailable` when no server replies.
   */
  async change(action: JobAction, ref: JobRef): Promise<JobChange> {
    const { server, id, tube, state } = await this.findOne(ref);
    if (!isPossible[action](state)) throw impossible(action, state);
    const changed = await this.apply(action, { server, id });
    if (changed === 0) throw impossible(action, 'changed');
    return { server, id, tube, action, was: state };
  }

  private async apply(action: JobAction, address: JobAddress): Promise<number> {
    if (action === 'kick') return this.queue.kickJobs(address);
    return action === 'bury' ? this.queue.buryJobs(address) : this.queue.deleteJobs(address);
  }

  private async findOne(ref: JobRef): Promise<JobView> {
    const jobs = await this.queue.findJobs(ref);
    if (jobs.length > 1) {
      const servers = jobs.map(({ server }) => server);
      throw ambiguous('Several queue servers have a job with this id: name the server', servers);
    }
    if (ref.server === undefined) await this.assertAllReply();
    const [job] = jobs;
    if (!job) throw unknown();
    return job;
  }

  /** A server that does not reply may have a job with the same id. */
  private async assertAllReply(): Promise<void> {
    const servers = await this.queue.listServers();
    const down = servers.filter(({ isUp }) => !isUp);
    if (down.length === 0) return;
    const names = (states: readonly ServerState[]) => states.map(({ server }) => server);
    throw ambiguous(`${names(down).join(', ')} does not reply and may have a job with this id: name the server`, names(servers));
  }
}
