import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import type { Config } from '#config';
import type { Endpoint } from '#queue';
import { AlertDelivery, type SyncContext, type SyncServices } from '#sync';
import type { Monitors } from './monitors.js';
import { alertSchedule } from './schedules/alert.schedule.js';
import { CENSUS_SECONDS, censusSchedule } from './schedules/census.schedule.js';
import { withHeartbeat } from './schedules/heartbeat.js';
import { purgeSchedule } from './schedules/purge.schedule.js';
import { reconcileSchedule } from './schedules/reconcile.schedule.js';
import type { Schedule } from './schedules/schedule.js';
import { Scheduler } from './schedules/scheduler.js';
import { asSharedRound } from './schedules/shared-round.js';
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
  readonly monitors: Monitors;
  /** Every queue server, as it is to be reached now. */
  readonly findEndpoints: () => readonly Endpoint[];
}

/** Workers begin to count at different moments: less than a round apart is the same round. */
const CENSUS_QUIET_MS = (CENSUS_SECONDS - 10) * 1_000;

function schedulesOf({ config, context, services, monitors: { cronitor, alertWebhook } }: WorkerParts): Schedule[] {
  const shared = { rounds: context.stores.rounds, clock: context.clock };
  const everyWorkers = [
    sweepSchedule(services.sweep, config.sweepSeconds),
    alertSchedule(new AlertDelivery(context, alertWebhook), config.sweepSeconds),
  ];
  const oneWorkers = [
    tokenRenewalSchedule(services.tokens, { cron: config.tokenRenewCron, withinHours: config.tokenRenewWithinHours }),
    reconcileSchedule(services.allAccounts, config.reconcileCron),
    watchdogSchedule(services.allAccounts, config.watchdogCron),
    uninstallSchedule(services.uninstall, config.watchdogCron),
    purgeSchedule(services.retention, config.watchdogCron),
  ];
  const told = (schedule: Schedule) => (cronitor ? withHeartbeat(schedule, cronitor) : schedule);
  const census = asSharedRound(told(censusSchedule(services.census)), shared, CENSUS_QUIET_MS);
  return [...everyWorkers.map(told), ...oneWorkers.map((schedule) => asSharedRound(told(schedule), shared)), census];
}

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
