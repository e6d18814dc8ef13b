import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob } from 'cron';
import type { Logger } from '#domain';
import type { Schedule } from './schedule.js';

/** Runs schedules by the clock, each at most once at a time; a failure is logged and the next round comes all the same. */
@Injectable()
export class Scheduler implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly running = new Map<string, Promise<void>>();

  constructor(
    private readonly registry: SchedulerRegistry,
    private readonly schedules: readonly Schedule[],
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    for (const schedule of this.schedules) {
      this.add(schedule);
      if (schedule.isDueAtStart) this.fire(schedule);
    }
  }

  private add(schedule: Schedule): void {
    const { name, every } = schedule;
    const fire = () => this.fire(schedule);
    if ('cron' in every) {
      const job = CronJob.from({ cronTime: every.cron, onTick: fire, start: true });
      this.registry.addCronJob(name, job);
    } else this.registry.addInterval(name, setInterval(fire, every.seconds * 1_000));
  }

  private fire(schedule: Schedule): void {
    if (this.running.has(schedule.name)) return;
    const round = schedule
      .run()
      .catch((error: unknown) => this.logger.warn(`the schedule ${schedule.name} failed`, { error }))
      .finally(() => this.running.delete(schedule.name));
    this.running.set(schedule.name, round);
  }

  async onApplicationShutdown(): Promise<void> {
    for (const name of this.registry.getCronJobs().keys()) this.registry.deleteCronJob(name);
    for (const name of this.registry.getIntervals()) this.registry.deleteInterval(name);
    await Promise.all(this.running.values());
  }
}
