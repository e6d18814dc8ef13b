import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { RoundStore } from '#database';
import { Clock, errorCodeOf } from '#domain';
import { CronitorClient } from '#monitoring';
import type { Schedule } from './schedule-table.js';

const SECOND_MS = 1_000;

/** Runs single rounds of schedules. */
@Injectable()
export class ScheduleRounds {
  constructor(
    @Inject(RoundStore) private readonly rounds: Pick<RoundStore, 'claim'>,
    private readonly clock: Clock,
    @Inject(CronitorClient) private readonly cronitor: Pick<CronitorClient, 'report'>,
  ) {}

  /** Runs a round. Does nothing when another worker runs this shared round. Throws what the schedule throws. */
  async run(schedule: Schedule): Promise<void> {
    if (schedule.rounds === 'shared' && !(await this.claim(schedule))) return;
    await this.runReported(schedule);
  }

  /**
   * The clocks of all workers start a cron round at about the same moment; the first claim wins. A worker whose clock is
   * wrong by seconds runs the round again, which costs calls only.
   */
  private async claim({ name, sameRoundMs = SECOND_MS }: Schedule): Promise<boolean> {
    const roundMs = Math.round(this.clock.nowMs() / SECOND_MS) * SECOND_MS;
    return this.rounds.claim(name, roundMs, sameRoundMs);
  }

  /** Reports start and end of the round to Cronitor, without waiting for it. */
  private async runReported(schedule: Schedule): Promise<void> {
    const round = { monitor: `kommo-unisender-${schedule.name}`, series: randomUUID() };
    this.cronitor.report({ ...round, state: 'run' });
    try {
      await schedule.run();
    } catch (error) {
      this.cronitor.report({ ...round, state: 'fail', message: errorCodeOf(error) });
      throw error;
    }
    this.cronitor.report({ ...round, state: 'complete' });
  }
}
