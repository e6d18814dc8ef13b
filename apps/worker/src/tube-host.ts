import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type TubeWorker, TubeWorkerHost } from '#queue';
import type { WorkerParts } from './worker.module.js';
import { AccessRenewalWorker } from './workers/access-renewal.worker.js';
import { ContactSyncWorker } from './workers/contact-sync.worker.js';
import { ImportWorker } from './workers/import.worker.js';
import { TimeWorker } from './workers/time.worker.js';
import { WriteBackWorker } from './workers/write-back.worker.js';

const workersOf = ({ services, context }: WorkerParts): TubeWorker[] => [
  new ContactSyncWorker(services.accountSync),
  new ImportWorker(services.runWorker),
  new AccessRenewalWorker(services.tokens),
  new WriteBackWorker(services.writeBack),
  new TimeWorker(context.logger),
];

/** Runs the tube workers for as long as the application lives. */
@Injectable()
export class TubeHost implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly host: TubeWorkerHost;

  constructor(private readonly parts: WorkerParts) {
    const { clock, logger } = parts.context;
    this.host = new TubeWorkerHost(workersOf(parts), {
      clock,
      logger,
      findEndpoints: parts.findEndpoints,
      onBuried: (job) => parts.services.buriedJobs.keep(job),
    });
  }

  onApplicationBootstrap(): void {
    this.host.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.host.stop(this.parts.config.shutdownGraceSeconds * 1_000);
  }
}
