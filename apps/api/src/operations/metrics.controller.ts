import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Documented } from '../docs/documented.decorator.js';
import { Audience } from '../guards/audience.decorator.js';
import { NoEnvelope } from '../http/envelope.js';
import { MetricsService } from './metrics.service.js';

/** The target that Prometheus scrapes. */
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: MetricsService) {}

  @Get()
  @Audience('operator')
  @NoEnvelope()
  @Documented({ summary: 'Returns metrics in the text form of Prometheus', content: { 'text/plain': { type: 'string' } }, example: {} })
  async read(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    void reply.header('content-type', this.metrics.contentType);
    return this.metrics.render();
  }
}
