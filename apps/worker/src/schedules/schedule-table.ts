import type { FactoryProvider, Type } from '@nestjs/common';
import { Config } from '#config';
import {
  AlertDelivery,
  AllAccounts,
  ContactCensus,
  DisconnectedAccounts,
  FREQUENT_SCHEDULE,
  RefusedKeys,
  Retention,
  ServiceMonitor,
  Sweep,
  TokenRenewal,
} from '#sync';

/** When a schedule is due. */
export type Interval = { readonly cron: string } | { readonly seconds: number };

/** Recurring work. */
export interface Schedule {
  /** Its monitor at Cronitor is `kommo-unisender-<name>`. */
  readonly name: string;
  readonly every: Interval;
  /** `shared`: one of all workers runs a round. `own`: every worker runs each round. */
  readonly rounds: 'shared' | 'own';
  /** Two shared rounds closer than this are the same round; a second unless given. */
  readonly sameRoundMs?: number;
  /** The first round runs when the process starts. */
  readonly runsAtStart?: boolean;
  /** Runs one round. */
  run(): Promise<unknown>;
}

/** The schedules of this process. */
export class Schedules {
  constructor(readonly all: readonly Schedule[]) {}
}

interface Row<UseCase> extends Omit<Schedule, 'every' | 'run'> {
  readonly every: (config: Config) => Interval;
  readonly useCase: Type<UseCase>;
  readonly run: (useCase: UseCase, config: Config) => Promise<unknown>;
}

/** Checks that `run` fits the class of the use case, which a plain array cannot. */
const row = <UseCase>(definition: Row<UseCase>): Row<UseCase> => definition;

const byWatchdogCron = ({ watchdogCron }: Config): Interval => ({ cron: watchdogCron });
const bySweepSeconds = ({ sweepSeconds }: Config): Interval => ({ seconds: sweepSeconds });

const MONITOR_SECONDS = 30;
const REFUSED_KEYS_SECONDS = 60;

/** Every schedule of the worker. */
const table = [
  /** Enqueues jobs for work that has lost its job. */
  row({ name: 'sweep', every: bySweepSeconds, rounds: 'own', useCase: Sweep, run: (sweep) => sweep.run() }),
  /** Records that this worker is alive, and watches for what begins or ends an alert. */
  row({
    name: 'monitor',
    every: () => ({ seconds: MONITOR_SECONDS }),
    rounds: 'own',
    runsAtStart: true,
    useCase: ServiceMonitor,
    run: (monitor) => monitor.run(),
  }),
  /** Asks Unisender again about keys that it refused. */
  row({
    name: 'refused-keys',
    every: () => ({ seconds: REFUSED_KEYS_SECONDS }),
    rounds: 'shared',
    sameRoundMs: (REFUSED_KEYS_SECONDS - 10) * 1_000,
    useCase: RefusedKeys,
    run: (keys) => keys.checkAll(),
  }),
  /** Sends due alerts to the operator's webhook. */
  row({ name: 'alerts', every: bySweepSeconds, rounds: 'own', runsAtStart: true, useCase: AlertDelivery, run: (alerts) => alerts.run() }),
  /** Enqueues renewal jobs for tokens that expire soon; also at the start, because the service may have been off for weeks. */
  row({
    name: 'token-renewal',
    every: ({ tokenRenewCron }) => ({ cron: tokenRenewCron }),
    rounds: 'shared',
    runsAtStart: true,
    useCase: TokenRenewal,
    run: (renewal, { tokenRenewWithinHours }) => renewal.enqueueRenewals(tokenRenewWithinHours),
  }),
  /** Starts a reconciliation of every active account. */
  row({
    name: 'reconcile',
    every: ({ reconcileCron }) => ({ cron: reconcileCron }),
    rounds: 'shared',
    useCase: AllAccounts,
    run: (accounts) => accounts.reconcileAll(),
  }),
  /** Repairs vendor webhooks, and starts a reconciliation for the changes that were missed. */
  row({ name: 'watchdog', every: byWatchdogCron, rounds: 'shared', useCase: AllAccounts, run: (accounts) => accounts.checkAll() }),
  /** Cleans up after disconnected accounts, and deletes their data after the grace period. */
  row({
    name: 'uninstall',
    every: byWatchdogCron,
    rounds: 'shared',
    useCase: DisconnectedAccounts,
    run: (accounts) => accounts.cleanUpAll(),
  }),
  /** Deletes old runs, failures, events and audit entries. */
  row({ name: 'purge', every: byWatchdogCron, rounds: 'shared', useCase: Retention, run: (retention) => retention.run() }),
  /** Counts contacts for `/metrics`. */
  row({
    name: FREQUENT_SCHEDULE.name,
    every: () => ({ seconds: FREQUENT_SCHEDULE.seconds }),
    rounds: 'shared',
    sameRoundMs: FREQUENT_SCHEDULE.sameRoundMs,
    runsAtStart: true,
    useCase: ContactCensus,
    run: (census) => census.run(),
  }),
] as readonly Row<unknown>[];

/** Provides {@link Schedules}: injects the use case of each row. */
export const schedulesProvider: FactoryProvider<Schedules> = {
  provide: Schedules,
  inject: [Config, ...table.map(({ useCase }) => useCase)],
  useFactory: (config: Config, ...useCases: unknown[]) =>
    new Schedules(
      table.map(({ every, run, ...schedule }, index) => ({
        ...schedule,
        every: every(config),
        run: () => run(useCases[index], config),
      })),
    ),
};
