import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Clock, Logger, ServiceError } from '#domain';
import { WebhookOutages, WorkerWatch } from '#sync';

const ROUND_MS = 30_000;

/** Watches, in each API process, for workers that are gone and for webhooks that were refused. */
@Injectable()
export class ServiceWatch implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private running: readonly Promise<void>[] = [];

  constructor(
    private readonly workers: WorkerWatch,
    private readonly outages: WebhookOutages,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.running = [this.repeat('workers', () => this.workers.run()), this.repeat('webhooks', () => this.outages.check())];
  }

  onModuleDestroy(): void {
    this.stopping.abort();
  }

  /** Waits for the running rounds. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.running);
  }

  private async repeat(what: string, work: () => Promise<void>): Promise<void> {
    const { signal } = this.stopping;
    for (;;) {
      await this.clock.sleep(ROUND_MS, signal).catch(() => {});
      if (signal.aborted) return;
      await work().catch((error: unknown) => this.report(what, error));
    }
  }

  private report(what: string, error: unknown): void {
    if (error instanceof ServiceError) this.logger.debug('watch round failed; will retry', { watch: what, error });
    else this.logger.error('watch round failed', { watch: what, error });
  }
}
