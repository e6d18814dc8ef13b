import { Injectable } from '@nestjs/common';
import { RoundStore } from '#database';
import { Clock } from '#domain';
import { type Finding, ok, problem } from './finding.js';

/** The schedule that shows whether workers run. Workers start at different moments, so `sameRoundMs` is shorter than a round. */
export const FREQUENT_SCHEDULE = { name: 'census', seconds: 60, sameRoundMs: 50_000 } as const;

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
    const endMs = await this.rounds.findNext(FREQUENT_SCHEDULE.name).catch(() => null);
    return endMs === null ? null : endMs - FREQUENT_SCHEDULE.sameRoundMs;
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
