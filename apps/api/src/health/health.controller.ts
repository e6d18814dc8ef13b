import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Audience } from '../guards/audience.js';
import { NoEnvelope } from '../http/envelope.js';
import { type Surroundings, SURROUNDINGS } from '../parts.js';

type State = 'up' | 'down';

interface Readiness {
  readonly status: 'ready' | 'not_ready';
  readonly checks: { readonly database: State; readonly migrations: 'done' | 'pending' | 'unknown'; readonly queue: State };
}

const toState = (isUp: boolean): State => (isUp ? 'up' : 'down');

@Controller('health')
export class HealthController {
  constructor(@Inject(SURROUNDINGS) private readonly surroundings: Surroundings) {}

  @Get('live')
  @Audience('public')
  @NoEnvelope()
  live() {
    return { status: 'live' };
  }

  @Get('ready')
  @Audience('public')
  @NoEnvelope()
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Readiness> {
    const [database, queue] = await Promise.all([this.surroundings.isDatabaseReady(), this.surroundings.isQueueReady()]);
    const migrations = database ? await this.migrations() : 'unknown';
    const isReady = database && queue && migrations === 'done';
    void reply.status(isReady ? 200 : 503);
    return { status: isReady ? 'ready' : 'not_ready', checks: { database: toState(database), migrations, queue: toState(queue) } };
  }

  private async migrations(): Promise<Readiness['checks']['migrations']> {
    try {
      return (await this.surroundings.pendingMigrations()).length === 0 ? 'done' : 'pending';
    } catch {
      return 'unknown';
    }
  }
}
