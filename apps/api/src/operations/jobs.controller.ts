import { Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import { type JobAction, QueueAdmin } from '#queue';
import { Audited } from '../audit/audited.decorator.js';
import { number, queueServer } from '../audit/audited-details.js';
import { Documented } from '../docs/documented.decorator.js';
import { queueErrors } from '../docs/error-groups.js';
import { Audience } from '../guards/audience.decorator.js';
import { JobDto, JobServerDto } from './dto/queues.dto.js';
import type { JobActionResponse, JobState } from './operations-responses.js';

/** What the routes below have in common. */
const changeOfJob = {
  data: 'JobActionResponse',
  errors: ['job_unknown', 'job_ambiguous', 'job_state', 'invalid_job_id', 'unknown_queue_server', ...queueErrors],
  example: { path: { job_id: '42' } },
} as const;

/** Changes single jobs. `?server=` names the queue server: a job id is unique on its server only. */
@Controller('operations/jobs')
export class JobsController {
  constructor(private readonly admin: QueueAdmin) {}

  @Post(':job_id/kick')
  @HttpCode(200)
  @Audience('operator')
  @Audited('job.kick', { job_id: number, server: queueServer })
  @Documented({
    summary: 'Kicks a job',
    ...changeOfJob,
  })
  async kick(@Param() params: JobDto, @Query() query: JobServerDto): Promise<JobActionResponse> {
    return this.change('kick', params, query);
  }

  @Post(':job_id/bury')
  @HttpCode(200)
  @Audience('operator')
  @Audited('job.bury', { job_id: number, server: queueServer })
  @Documented({
    summary: 'Buries a job',
    ...changeOfJob,
  })
  async bury(@Param() params: JobDto, @Query() query: JobServerDto): Promise<JobActionResponse> {
    return this.change('bury', params, query);
  }

  @Post(':job_id/delete')
  @HttpCode(200)
  @Audience('operator')
  @Audited('job.delete', { job_id: number, server: queueServer })
  @Documented({
    summary: 'Deletes a job',
    ...changeOfJob,
  })
  async delete(@Param() params: JobDto, @Query() query: JobServerDto): Promise<JobActionResponse> {
    return this.change('delete', params, query);
  }

  private async change(action: JobAction, { job_id: id }: JobDto, { server }: JobServerDto): Promise<JobActionResponse> {
    const { id: jobId, was, ...change } = await this.admin.change(action, { id, server });
    return { ...change, job_id: jobId, was: was as JobState };
  }
}
