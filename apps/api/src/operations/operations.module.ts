import { Module } from '@nestjs/common';
import { QueueModule } from '#queue';
import { SyncModule } from '#sync';
import { AddressesController } from './addresses.controller.js';
import { AuditController } from './audit.controller.js';
import { HistoryController } from './history.controller.js';
import { JobsController } from './jobs.controller.js';
import { LiveChanges } from './live-changes.js';
import { LiveOverview } from './live-overview.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsService } from './metrics.service.js';
import { OperationsController } from './operations.controller.js';
import { PausesController } from './pauses.controller.js';
import { PersonController } from './person.controller.js';
import { PersonalDataController } from './personal-data.controller.js';
import { QueueStatus } from './queue-status.js';
import { QueuesController } from './queues.controller.js';
import { ServiceMetrics } from './service-metrics.js';
import { StreamController } from './stream.controller.js';
import { SystemController } from './system.controller.js';
import { SystemStatus } from './system-status.js';

@Module({
  imports: [QueueModule, SyncModule],
  controllers: [
    OperationsController,
    HistoryController,
    AddressesController,
    PersonController,
    PersonalDataController,
    PausesController,
    QueuesController,
    JobsController,
    SystemController,
    StreamController,
    AuditController,
    MetricsController,
  ],
  providers: [LiveChanges, LiveOverview, MetricsService, QueueStatus, ServiceMetrics, SystemStatus],
})
export class OperationsModule {}
