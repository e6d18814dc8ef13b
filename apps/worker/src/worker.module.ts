import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { ClockModule } from '#clock';
import { type Config, ConfigModule } from '#config';
import { LoggingModule, type ServiceLogger } from '#logging';
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
  /** Adds the modules of what exists before Nest starts. The log closes last, because global modules close in reverse order. */
  static forRoot(config: Config, logger: ServiceLogger): DynamicModule {
    const imports = [ConfigModule.forRoot(config), ClockModule, LoggingModule.forLogger(logger), ComposedSyncModule];
    return { module: WorkerModule, imports };
  }
}
