import type { ContactFigures } from '#database';
import type { SyncContext } from '../context.js';

const COUNTED_AGAIN_AFTER_MS = 5 * 60_000;
const ROUND_MS = 10_000;
const ACCOUNTS_AT_ONCE = 100;
/** Counted in one statement: SQLite answers nobody else meanwhile. */
const CONTACTS_AT_ONCE = 2_000;

const nothing: ContactFigures = { total: 0, inSync: 0, excluded: 0, failing: 0 };

const plus = (one: ContactFigures, other: ContactFigures): ContactFigures => ({
  total: one.total + other.total,
  inSync: one.inSync + other.inSync,
  excluded: one.excluded + other.excluded,
  failing: one.failing + other.failing,
});

/** Counts the accounts' contacts by outcome, a little at a time, so that whoever asks for figures need not. */
export class ContactCensus {
  constructor(private readonly context: SyncContext) {}

  /** Counts the accounts that were not counted for the longest, until none is due or ten seconds are over. */
  async run(): Promise<void> {
    const { clock, stores } = this.context;
    const untilMs = clock.nowMs() + ROUND_MS;
    for (const accountId of await stores.contactFigures.listUncounted(clock.nowMs() - COUNTED_AGAIN_AFTER_MS, ACCOUNTS_AT_ONCE)) {
      const figures = await this.count(accountId);
      if (await stores.accounts.find(accountId)) await stores.contactFigures.save(accountId, figures);
      if (clock.nowMs() >= untilMs) return;
    }
  }

  private async count(accountId: number): Promise<ContactFigures> {
    const { contactFigures } = this.context.stores;
    let figures = nothing;
    let after = 0;
    for (;;) {
      const upTo = await contactFigures.findNthContact(accountId, after, CONTACTS_AT_ONCE);
      figures = plus(figures, await contactFigures.count(accountId, { after, upTo }));
      if (upTo === undefined) return figures;
      after = upTo;
    }
  }
}
