import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import type { Config } from '#config';
import type { Endpoint } from '#queue';
import type { SyncContext, SyncServices } from '#sync';
import { reconcileSchedule } from './schedules/reconcile.schedule.js';
import { Scheduler } from './schedules/scheduler.js';
import { sweepSchedule } from './schedules/sweep.schedule.js';
import { tokenRenewalSchedule } from './schedules/token-renewal.schedule.js';
import { uninstallSchedule } from './schedules/uninstall.schedule.js';
import { watchdogSchedule } from './schedules/watchdog.schedule.js';
import { TubeHost } from './tube-host.js';

/** What the worker is wired from. */
export interface WorkerParts {
  readonly config: Config;
  readonly context: SyncContext;
  readonly services: SyncServices;
  /** Every queue server, as it is to be reached now. */
  readonly findEndpoints: () => readonly Endpoint[];
}

const schedulesOf = ({ config, services }: WorkerParts) => [
  sweepSchedule(services.sweep, config.sweepSeconds),
  tokenRenewalSchedule(services.tokens, { cron: config.tokenRenewCron, withinHours: config.tokenRenewWithinHours }),
  reconcileSchedule(services.allAccounts, config.reconcileCron),
  watchdogSchedule(services.allAccounts, config.watchdogCron),
  uninstallSchedule(services.uninstall, config.watchdogCron),
];

@Module({})
export class WorkerModule {
  static with(parts: WorkerParts): DynamicModule {
    return {
      module: WorkerModule,
      imports: [ScheduleModule.forRoot()],
      providers: [
        {
          provide: Scheduler,
          inject: [SchedulerRegistry],
          useFactory: (registry: SchedulerRegistry) => new Scheduler(registry, schedulesOf(parts), parts.context.logger),
        },
        { provide: TubeHost, useFactory: () => new TubeHost(parts) },
      ],
    };
  }
}
