import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { ClockModule } from '#clock';
import { type Config, ConfigModule } from '#config';
import { DatabaseModule } from '#database';
import { LoggingModule, type ServiceLogger } from '#logging';
import { MonitoringModule } from '#monitoring';
import { TubeWorkersModule } from '#queue';
import { BuriedJobs, SyncModule } from '#sync';
import { ScheduleRounds } from './schedules/schedule-rounds.js';
import { schedulesProvider } from './schedules/schedule-table.js';
import { Scheduler } from './schedules/scheduler.js';
import { StartCheck } from './start-check.js';
import { tubeWorkers } from './tube-workers.js';

const tubes = TubeWorkersModule.forRoot({ buriedJobs: BuriedJobs, imports: [SyncModule] });

/** The worker process: the tube workers and the schedules. */
@Module({
  imports: [DatabaseModule, SyncModule, MonitoringModule, ScheduleModule.forRoot(), tubes],
  providers: [StartCheck, ...tubeWorkers, schedulesProvider, ScheduleRounds, Scheduler],
})
export class WorkerModule {
  /** Adds the modules of configuration, clock and logger, which exist before Nest starts. Global modules close last, in reverse order. */
  static forRoot(config: Config, logger: ServiceLogger): DynamicModule {
    return { module: WorkerModule, imports: [ConfigModule.forRoot(config), ClockModule, LoggingModule.forLogger(logger)] };
  }
}
