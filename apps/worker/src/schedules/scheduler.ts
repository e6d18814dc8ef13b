import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob } from 'cron';
import { Logger } from '#domain';
import { ScheduleRounds } from './schedule-rounds.js';
import { type Schedule, Schedules } from './schedule-table.js';

/**
 * Starts the rounds of every schedule, each schedule at most once at a time in this process. A failed round is logged; the next
 * one runs as planned. At shutdown no further round starts, and running ones finish before any adapter closes.
 */
@Injectable()
export class Scheduler implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly running = new Map<string, Promise<void>>();

  constructor(
    private readonly registry: SchedulerRegistry,
    private readonly schedules: Schedules,
    private readonly rounds: ScheduleRounds,
    private readonly logger: Logger,
  ) {}

  /** Registers every schedule, and starts the first rounds of those that run at the start. */
  onApplicationBootstrap(): void {
    for (const schedule of this.schedules.all) {
      this.register(schedule);
      if (schedule.runsAtStart) this.startRound(schedule);
    }
  }

  /** Prevents further rounds. */
  onModuleDestroy(): void {
    for (const name of this.registry.getCronJobs().keys()) this.registry.deleteCronJob(name);
    for (const name of this.registry.getIntervals()) this.registry.deleteInterval(name);
  }

  /** Waits for the running rounds. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.running.values());
  }

  private register(schedule: Schedule): void {
    const { name, every } = schedule;
    const start = () => this.startRound(schedule);
    if ('cron' in every) this.registry.addCronJob(name, CronJob.from({ cronTime: every.cron, onTick: start, start: true }));
    else this.registry.addInterval(name, setInterval(start, every.seconds * 1_000));
  }

  private startRound(schedule: Schedule): void {
    const { name } = schedule;
    if (this.running.has(name)) return;
    const round = this.rounds
      .run(schedule)
      .catch((error: unknown) => this.logger.warn('schedule failed', { schedule: name, error }))
      .finally(() => this.running.delete(name));
    this.running.set(name, round);
  }
}
