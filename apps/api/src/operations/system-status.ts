import { Injectable } from '@nestjs/common';
import { Config, readServiceVersion } from '#config';
import { Clock, toIsoTime } from '#domain';
import { SystemChecks, type SystemState } from '#sync';
import type { SystemResponse } from './operations-responses.js';
import { toServerResponse } from './queue-status.js';

type Database = Pick<SystemResponse, 'database'>['database'];

const toDatabase = ({ kind, isUp, pendingMigrations, unknownMigrations, clockDifferenceMs }: SystemState['database']): Database => ({
  kind,
  is_up: isUp,
  pending_migrations: pendingMigrations,
  unknown_migrations: unknownMigrations,
  clock_difference_ms: clockDifferenceMs,
});

const toDisk = (disk: SystemState['disk']): SystemResponse['disk'] =>
  disk ? { path: disk.path, free_bytes: disk.freeBytes, total_bytes: disk.totalBytes } : null;

/** Shows the installation and what is wrong with it. */
@Injectable()
export class SystemStatus {
  constructor(
    private readonly checks: SystemChecks,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** Runs every check. Never throws. */
  async read(): Promise<SystemResponse> {
    const { database, queue, disk, lastScheduleAtMs, findings } = await this.checks.run();
    const servers = queue.servers.map(toServerResponse);
    const sum = (name: 'waiting' | 'reserved') => queue.tubes.reduce((total, tube) => total + tube[name], 0);
    return {
      at: toIsoTime(this.clock.nowMs()),
      versions: {
        service: await readServiceVersion(),
        node: process.versions.node,
        database: database.version,
        queue: servers.map(({ server, version }) => ({ server, version })),
      },
      database: toDatabase(database),
      queue: { is_embedded: this.config.beanstalk.kind === 'embedded', servers },
      limits: this.readLimits(),
      disk: toDisk(disk),
      workers: { waiting: sum('waiting'), running: sum('reserved'), last_schedule_at: toIsoTime(lastScheduleAtMs) },
      is_read_only: this.config.consoleReadOnly,
      findings,
    };
  }

  private readLimits(): SystemResponse['limits'] {
    const { config } = this;
    return {
      kommo_requests_per_second: config.kommoRequestsPerSecond,
      kommo_account_requests_per_second: config.kommoAccountRequestsPerSecond,
      unisender_requests_per_minute: config.unisenderRequestsPerMinute,
      unisender_total_requests_per_minute: config.unisenderTotalRequestsPerMinute,
      unisender_total_exports_per_minute: config.unisenderTotalExportsPerMinute,
      public_rate_limit_per_minute: config.publicRateLimitPerMinute,
      reconcile_delete_limit_percent: config.reconcileDeleteLimitPercent,
    };
  }
}
