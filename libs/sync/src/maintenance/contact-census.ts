import { Injectable } from '@nestjs/common';
import { ContactFiguresStore } from '#database';
import { Clock } from '#domain';
import { ContactCounter } from '../accounts/contact-counter.js';

const COUNTED_AGAIN_AFTER_MS = 24 * 3_600_000;
const ROUND_MS = 10_000;
const ACCOUNTS_AT_ONCE = 100;

/** Counts the contacts of every account once a day, in small steps, whatever the kept counts say. */
@Injectable()
export class ContactCensus {
  constructor(
    private readonly contactFigures: ContactFiguresStore,
    private readonly counter: ContactCounter,
    private readonly clock: Clock,
  ) {}

  /**
   * Counts what has changed in the accounts with the oldest counts, then whole accounts that were not counted for a day, until ten
   * seconds have passed.
   */
  async run(): Promise<void> {
    const untilMs = this.clock.nowMs() + ROUND_MS;
    for (const accountId of await this.contactFigures.listStale(ACCOUNTS_AT_ONCE)) {
      await this.counter.refresh(accountId);
      if (this.clock.nowMs() >= untilMs) return;
    }
    const dueBeforeMs = this.clock.nowMs() - COUNTED_AGAIN_AFTER_MS;
    for (const accountId of await this.contactFigures.listUncounted(dueBeforeMs, ACCOUNTS_AT_ONCE)) {
      await this.counter.countAll(accountId);
      if (this.clock.nowMs() >= untilMs) return;
    }
  }
}
