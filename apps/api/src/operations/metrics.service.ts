import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { FigureStore } from '#database';
import { Logger, ServiceError } from '#domain';
import { QueueClient } from '#queue';
import { ServiceMetrics } from './service-metrics.js';

const NO_ROUTE = 'none';

/** Counts the requests of this process, and reads the counts of the deployment for each scrape. */
@Injectable()
export class MetricsService implements OnModuleInit {
  constructor(
    private readonly figures: FigureStore,
    private readonly queue: QueueClient,
    private readonly adapterHost: HttpAdapterHost,
    private readonly logger: Logger,
    private readonly metrics: ServiceMetrics,
  ) {}

  /** The content type of what {@link render} returns. */
  get contentType(): string {
    return this.metrics.contentType;
  }

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onResponse', (request, reply, done) => {
      const route = request.routeOptions.url ?? NO_ROUTE;
      this.metrics.count({ method: request.method, route, status: reply.statusCode, durationMs: reply.elapsedTime });
      done();
    });
  }

  /** Returns the metrics in Prometheus' text form. Those of a database or queue that does not respond are missing. */
  async render(): Promise<string> {
    const [database, tubes] = await Promise.all([
      this.orUndefined(() => this.figures.read()),
      this.orUndefined(() => this.queue.listTubeStatistics()),
    ]);
    return this.metrics.render({ database, tubes });
  }

  private async orUndefined<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      this.logger.warn('metrics incomplete: a source does not respond', { error });
      return undefined;
    }
  }
}
