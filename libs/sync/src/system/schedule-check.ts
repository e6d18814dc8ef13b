import { Injectable } from '@nestjs/common';
import { RoundStore } from '#database';
import { Clock } from '#domain';
import { type Finding, ok, problem } from './finding.js';

/** The rounds of this schedule begin every minute, in one of all workers. */
const FREQUENT_SCHEDULE = 'census';
const SILENT_MS = 5 * 60_000;

/** Checks whether a worker runs the schedules. */
@Injectable()
export class ScheduleCheck {
  constructor(
    private readonly rounds: RoundStore,
    private readonly clock: Clock,
  ) {}

  /** Returns when a worker last began a round, epoch milliseconds; null before the first, or when the database does not respond. */
  async readLast(): Promise<number | null> {
    return this.rounds.findNext(FREQUENT_SCHEDULE).catch(() => null);
  }

  /** Returns the finding. */
  run(lastAtMs: number | null): Finding[] {
    const remedy = 'Start a worker: npm run start:worker. Read its log if it runs.';
    if (lastAtMs === null) return [problem('schedules', 'warning', { message: 'No worker has run a schedule yet', remedy })];
    const silentMs = this.clock.nowMs() - lastAtMs;
    if (silentMs <= SILENT_MS) return [ok('schedules', 'A worker runs the schedules')];
    const message = `No worker has run a schedule for ${Math.floor(silentMs / 60_000)} minutes`;
    return [problem('schedules', 'error', { message, remedy })];
  }
}
