import { Module } from '@nestjs/common';
import { QueueModule } from '#queue';
import { SyncModule } from '#sync';
import { AddressesController } from './addresses.controller.js';
import { AuditController } from './audit.controller.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsService } from './metrics.service.js';
import { OperationsController } from './operations.controller.js';
import { PausesController } from './pauses.controller.js';
import { PersonalDataController } from './personal-data.controller.js';

@Module({
  imports: [QueueModule, SyncModule],
  controllers: [OperationsController, AddressesController, PausesController, AuditController, PersonalDataController, MetricsController],
  providers: [MetricsService],
})
export class OperationsModule {}
