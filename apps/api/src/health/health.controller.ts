import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Documented } from '../docs/documented.decorator.js';
import { Audience } from '../guards/audience.decorator.js';
import { NoEnvelope } from '../http/envelope.js';
import { StopState } from '../http/stop-state.js';
import type { LivenessResponse, ReadinessResponse } from './health-responses.js';
import { ReadinessCheck } from './readiness-check.js';

@Controller('health')
export class HealthController {
  constructor(
    private readonly readiness: ReadinessCheck,
    private readonly stop: StopState,
  ) {}

  @Get('live')
  @Audience('public')
  @NoEnvelope()
  @Documented({ summary: 'Says that the process runs', content: { 'application/json': 'LivenessResponse' }, example: {} })
  live(): LivenessResponse {
    return { status: 'live' };
  }

  /** 503 while the process is not ready, or is being stopped. `degraded` is 200: a balancer must not take the process out. */
  @Get('ready')
  @Audience('public')
  @NoEnvelope()
  @Documented({
    summary: 'Says whether the process can serve: database, queue, schema and disk',
    content: { 'application/json': 'ReadinessResponse' },
    otherResponses: { 503: { description: 'Not ready', content: { 'application/json': 'ReadinessResponse' } } },
    example: {},
  })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadinessResponse> {
    const checked = await this.readiness.run();
    const readiness: ReadinessResponse = this.stop.isStopping ? { ...checked, status: 'not_ready', stopping: true } : checked;
    void reply.status(readiness.status === 'not_ready' ? 503 : 200);
    return readiness;
  }
}
