import { Injectable, Module } from '@nestjs/common';
import { ReachabilityModule } from '#monitoring';
import { QueueModule } from '#queue';
import { EnvironmentChecks } from './environment-checks.js';
import type { Finding } from './finding.js';
import { QueueChecks } from './queue-checks.js';

/** Checks what works without the database: queue, workers, folders, disk, PUBLIC_URL and vendors. */
@Injectable()
export class InstallationChecks {
  constructor(
    private readonly queue: QueueChecks,
    private readonly environment: EnvironmentChecks,
  ) {}

  /** Runs every check, in about five seconds at most. Never throws. */
  async run(): Promise<Finding[]> {
    const [queue, disk] = await Promise.all([this.queue.readState(), this.environment.findDisk()]);
    return [...this.queue.run(queue), ...(await this.environment.run(disk))];
  }
}

/** Provides {@link InstallationChecks}. Needs Config, Clock and Logger from global modules. */
@Module({ imports: [QueueModule, ReachabilityModule], providers: [QueueChecks, EnvironmentChecks, InstallationChecks] })
export class InstallationChecksModule {}
