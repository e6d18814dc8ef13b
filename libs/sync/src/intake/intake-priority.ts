import { Injectable } from '@nestjs/common';
import { RateSlotStore } from '#database';
import { Clock, Logger } from '#domain';

/** The slot of a busy intake. */
const SLOT = 'intake';
/** So many webhooks do not arrive during the short time of one statement, unless there are many or the statement waits for a lock. */
const MANY_WAITING = 8;
const ANNOUNCED_EVERY_MS = 100;
/** Until then, the next statements show whether the intake is still busy. */
const OCCUPIED_MS = 500;
/** The shortest work of a process between two looks at the slot. */
const TURN_MS = 50;
const PAUSE_PER_TURN = 4;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Lets webhooks be stored before the work on accounts goes on: both need the processor and the database. A process in which webhooks
 * wait says so in the database, and every process with work on accounts pauses meanwhile. Work goes on at a fifth of its rate even
 * while the webhooks do not end.
 */
@Injectable()
export class IntakePriority {
  private announcedAtMs = 0;
  private turnBeganAtMs = 0;
  private pause: Promise<void> | undefined;

  constructor(
    private readonly slots: RateSlotStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /**
   * Call it after webhooks were stored, with the number of those that arrived meanwhile. With eight of them or more, work on accounts
   * gives way for half a second. Never throws.
   */
  async noteWaiting(webhooks: number): Promise<void> {
    if (webhooks < MANY_WAITING) return;
    const nowMs = this.clock.nowMs();
    if (Math.abs(nowMs - this.announcedAtMs) < ANNOUNCED_EVERY_MS) return;
    this.announcedAtMs = nowMs;
    await this.slots.occupy(SLOT, OCCUPIED_MS).catch((error: unknown) => this.logger.warn('intake not given priority', { error }));
  }

  /**
   * Call it outside a transaction, before one of the work on an account. While the intake is busy, it takes four times as long as the work
   * of this process since the last pause, and at most a second. Throws TransientError `database_unavailable`.
   */
  async giveWay(): Promise<void> {
    const turnMs = this.clock.nowMs() - this.turnBeganAtMs;
    if (!this.pause && turnMs >= 0 && turnMs < TURN_MS) return;
    this.pause ??= this.pauseAfter(turnMs).finally(() => {
      this.pause = undefined;
      this.turnBeganAtMs = this.clock.nowMs();
    });
    return this.pause;
  }

  private async pauseAfter(turnMs: number): Promise<void> {
    const isBusy = await this.slots.isOccupied(SLOT);
    if (isBusy) await this.clock.sleep(Math.min(Math.max(turnMs, TURN_MS) * PAUSE_PER_TURN, LONGEST_PAUSE_MS));
  }
}
