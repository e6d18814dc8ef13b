import { Controller, Get, Inject, type OnModuleInit, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { type Clock, type Logger, ServiceError } from '#domain';
import type { SyncServices } from '#sync';
import { Audience } from '../guards/audience.js';
import { NoEnvelope } from '../http/envelope.js';
import { CLOCK, LOGGER, SERVICES, type Surroundings, SURROUNDINGS } from '../parts.js';
import { ServiceMetrics } from './service-metrics.js';

const NO_ROUTE = 'none';

/** What Prometheus scrapes. */
@Controller('metrics')
export class MetricsController implements OnModuleInit {
  private readonly metrics: ServiceMetrics;

  constructor(
    @Inject(SERVICES) private readonly services: Pick<SyncServices, 'figures'>,
    @Inject(SURROUNDINGS) private readonly surroundings: Surroundings,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(CLOCK) clock: Clock,
    private readonly adapterHost: HttpAdapterHost,
  ) {
    this.metrics = new ServiceMetrics(clock);
  }

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onResponse', (request, reply, done) => {
      const route = request.routeOptions.url ?? NO_ROUTE;
      this.metrics.count({ method: request.method, route, status: reply.statusCode, durationMs: reply.elapsedTime });
      done();
    });
  }

  /** Answers also while database or queue do not: their figures are missing then. */
  @Get()
  @Audience('operator')
  @NoEnvelope()
  async read(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const [database, tubes] = await Promise.all([
      this.orUndefined(() => this.services.figures.read()),
      this.orUndefined(() => this.surroundings.listQueues()),
    ]);
    void reply.header('content-type', this.metrics.contentType);
    return this.metrics.render({ database, tubes });
  }

  private async orUndefined<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      this.logger.warn('some figures cannot be read', { error });
      return undefined;
    }
  }
}
