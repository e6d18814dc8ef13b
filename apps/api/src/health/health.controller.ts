import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Audience } from '../guards/audience.decorator.js';
import { NoEnvelope } from '../http/envelope.js';
import { type Readiness, ReadinessCheck } from './readiness-check.js';

@Controller('health')
export class HealthController {
  constructor(private readonly readiness: ReadinessCheck) {}

  @Get('live')
  @Audience('public')
  @NoEnvelope()
  live() {
    return { status: 'live' };
  }

  /** 503 while the process is not ready. */
  @Get('ready')
  @Audience('public')
  @NoEnvelope()
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Readiness> {
    const readiness = await this.readiness.run();
    void reply.status(readiness.status === 'ready' ? 200 : 503);
    return readiness;
  }
}
