import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { ClockModule } from '#clock';
import { type Config, ConfigModule } from '#config';
import type { Logger } from '#domain';
import { TubeWorkersModule } from '#queue';
import { BuriedJobs } from '#sync';
import { ComposedSyncModule } from './composed-sync.module.js';
import { ScheduleRounds } from './schedules/schedule-rounds.js';
import { schedulesProvider } from './schedules/schedule-table.js';
import { Scheduler } from './schedules/scheduler.js';
import { StartCheck } from './start-check.js';
import { tubeWorkers } from './tube-workers.js';

/** The worker process: the tube workers and the schedules. */
@Module({
  imports: [ScheduleModule.forRoot(), TubeWorkersModule.forRoot({ buriedJobs: BuriedJobs })],
  providers: [StartCheck, ...tubeWorkers, schedulesProvider, ScheduleRounds, Scheduler],
})
export class WorkerModule {
  /** Adds the modules that depend on what the program has read before Nest starts. */
  static forRoot(config: Config, logger: Logger): DynamicModule {
    return { module: WorkerModule, imports: [ConfigModule.forRoot(config), ClockModule, ComposedSyncModule.forRoot(logger)] };
  }
}
