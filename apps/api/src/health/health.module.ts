import { Module } from '@nestjs/common';
import { QueueModule } from '#queue';
import { HealthController } from './health.controller.js';
import { ReadinessCheck } from './readiness-check.js';

@Module({ imports: [QueueModule], controllers: [HealthController], providers: [ReadinessCheck] })
export class HealthModule {}
