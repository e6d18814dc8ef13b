import { Module } from '@nestjs/common';
import { QueueModule } from '#queue';
import { SyncModule } from '#sync';
import { HealthController } from './health.controller.js';
import { ReadinessCheck } from './readiness-check.js';
import { ServiceWatch } from './service-watch.js';

@Module({ imports: [QueueModule, SyncModule], controllers: [HealthController], providers: [ReadinessCheck, ServiceWatch] })
export class HealthModule {}
