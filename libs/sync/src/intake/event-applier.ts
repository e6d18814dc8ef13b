import type { SettledEvent, WaitingEvent } from '#database';
import { BugError, type ContactChange, type MailingConsent, chunksOf, isMailableStatus } from '#domain';
import type { SyncContext } from '../context.js';
import { type AccountWork, throwIfStopping } from '../push/account-work.js';
import type { ContactApplier, DeliveredChange } from './contact-applier.js';

const BATCH_EVENTS = 500;
const REREAD_EVENTS = 500;

/** What an event of Unisender says of addresses; stored by the inbox. */
export interface ConsentChange {
  readonly emails: readonly string[];
  readonly consent: MailingConsent;
}

/** What one pass over the inbox found. */
export interface AppliedEvents {
  readonly count: number;
  /** When the newest event came in, epoch ms. */
  readonly newestAt: number;
  /** Why some contacts could not be re-read; their events wait. */
  readonly failure?: Error;
}

/** Takes an account's waiting events into the mirror, in order of arrival, each in one transaction with its end. */
export class EventApplier {
  constructor(
    private readonly context: SyncContext,
    private readonly contacts: ContactApplier,
  ) {}

  /** Takes in everything that waits, then re-reads what could not be ordered. Throws TransientError (lease, database, Unisender). */
  async applyWaiting(work: AccountWork): Promise<AppliedEvents> {
    let after = '';
    let count = 0;
    let newestAt = 0;
    const unordered: DeliveredChange[] = [];
    for (;;) {
      throwIfStopping(work.signal);
      work.lease.assertHeld();
      const { stores } = this.context;
      const events = await stores.events.listWaiting(work.lease.accountId, after, BATCH_EVENTS);
      if (events.length === 0) break;
      unordered.push(...(await this.applyBatch(work, events, unordered)));
      after = events.at(-1)?.eventId ?? after;
      count += events.length;
      newestAt = Math.max(newestAt, ...events.map(({ receivedAt }) => receivedAt));
    }
    return { count, newestAt, ...(await this.reread(work, unordered)) };
  }

  private async applyBatch(
    work: AccountWork,
    events: readonly WaitingEvent[],
    unordered: readonly DeliveredChange[],
  ): Promise<DeliveredChange[]> {
    await this.applyConsents(
      work,
      events.filter(({ source }) => source === 'unisender'),
    );
    const changes = events
      .filter(({ source }) => source === 'kommo')
      .map((event): DeliveredChange => ({ event, change: JSON.parse(event.payload) as ContactChange }));
    const held = new Set(unordered.map(({ change }) => change.contactId));
    return changes.length === 0 ? [] : this.contacts.applyChanges(work, changes, held);
  }

  private async applyConsents(work: AccountWork, events: readonly WaitingEvent[]): Promise<void> {
    if (events.length === 0) return;
    const { stores } = this.context;
    const { accountId } = work.lease;
    const changes: ConsentChange[] = [];
    for (const event of events) changes.push(await this.confirm(work, JSON.parse(event.payload) as ConsentChange));
    await work.lease.write(async () => {
      for (const { emails, consent } of changes) {
        await stores.consents.save(accountId, emails, consent);
      }
      const settled = events.map(({ eventId, deliveries }): SettledEvent => ({ eventId, deliveries, state: 'applied', reason: null }));
      await stores.events.settle(accountId, settled);
    });
  }

  /**
   * An unsubscribe is taken as it comes. Who is said to be back is asked for at Unisender: its events come late and repeated,
   * and nobody may be re-subscribed by an old one.
   */
  private async confirm(work: AccountWork, change: ConsentChange): Promise<ConsentChange> {
    if (change.consent !== 'mailable') return change;
    const { stores, unisender } = this.context;
    const kept = await stores.consents.listUnmailable(work.lease.accountId, change.emails);
    const back: string[] = [];
    for (const email of work.unisenderKey ? kept : []) {
      const contact = work.unisenderKey && (await unisender.getContact(work.unisenderKey, email));
      if (isMailableStatus(contact?.status)) back.push(email);
    }
    return { emails: back, consent: 'mailable' };
  }

  /** A failure to ask Kommo does not hold back what needs no asking: it is handed to the caller, who tells first. */
  private async reread(work: AccountWork, unordered: readonly DeliveredChange[]): Promise<{ failure?: Error }> {
    try {
      for (const chunk of chunksOf(groupedByContact(unordered), REREAD_EVENTS)) await this.contacts.reread(work, chunk);
      return {};
    } catch (error) {
      return { failure: error instanceof Error ? error : new BugError(String(error), { code: 'unexpected' }) };
    }
  }
}

/** Changes of one contact side by side, so that no chunk settles only some of them. */
const groupedByContact = (changes: readonly DeliveredChange[]): DeliveredChange[] =>
  [...changes].sort((a, b) => a.change.contactId - b.change.contactId);
