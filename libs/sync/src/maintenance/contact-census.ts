import { Injectable } from '@nestjs/common';
import { AccountStore, type ContactFigures, ContactFiguresStore } from '#database';
import { Clock } from '#domain';

const COUNTED_AGAIN_AFTER_MS = 5 * 60_000;
const ROUND_MS = 10_000;
const ACCOUNTS_AT_ONCE = 100;
/** Limits the time of one statement: SQLite runs no other statement at the same time. */
const CONTACTS_AT_ONCE = 2_000;

const nothing: ContactFigures = { total: 0, inSync: 0, excluded: 0, failing: 0 };

const plus = (one: ContactFigures, other: ContactFigures): ContactFigures => ({
  total: one.total + other.total,
  inSync: one.inSync + other.inSync,
  excluded: one.excluded + other.excluded,
  failing: one.failing + other.failing,
});

/** Counts the contacts of accounts by outcome, in small steps, and stores the figures: their readers need not count. */
@Injectable()
export class ContactCensus {
  constructor(
    private readonly contactFigures: ContactFiguresStore,
    private readonly accounts: AccountStore,
    private readonly clock: Clock,
  ) {}

  /** Counts the accounts with the oldest figures first, until no account is due or ten seconds have passed. */
  async run(): Promise<void> {
    const untilMs = this.clock.nowMs() + ROUND_MS;
    const dueBeforeMs = this.clock.nowMs() - COUNTED_AGAIN_AFTER_MS;
    for (const accountId of await this.contactFigures.listUncounted(dueBeforeMs, ACCOUNTS_AT_ONCE)) {
      const figures = await this.count(accountId);
      if (await this.accounts.find(accountId)) await this.contactFigures.save(accountId, figures);
      if (this.clock.nowMs() >= untilMs) return;
    }
  }

  private async count(accountId: number): Promise<ContactFigures> {
    let figures = nothing;
    let after = 0;
    for (;;) {
      const upTo = await this.contactFigures.findNthContact(accountId, after, CONTACTS_AT_ONCE);
      figures = plus(figures, await this.contactFigures.count(accountId, { after, upTo }));
      if (upTo === undefined) return figures;
      after = upTo;
    }
  }
}
