import { Injectable } from '@nestjs/common';
import { EventStore, MailingConsentStore, type SettledEvent, type WaitingEvent } from '#database';
import { BugError, type ContactChange, type MailingConsent, chunksOf, isMailableStatus } from '#domain';
import { UnisenderClient } from '#unisender';
import { type AccountWork, throwIfStopping } from '../push/account-work.js';
import { ContactApplier, type DeliveredChange } from './contact-applier.js';

const BATCH_EVENTS = 500;
const REREAD_EVENTS = 500;

/** The mailing consent of addresses, as a Unisender event states it. */
export interface ConsentChange {
  readonly emails: readonly string[];
  readonly consent: MailingConsent;
}

/** The result of one pass over the waiting events. */
export interface AppliedEvents {
  readonly count: number;
  /** When the newest event arrived, epoch milliseconds; 0 without events. */
  readonly newestAt: number;
  /** Why some contacts could not be read from Kommo. Their events still wait. */
  readonly failure?: Error;
}

/** Applies an account's waiting events to the mirror, in order of arrival. */
@Injectable()
export class EventApplier {
  constructor(
    private readonly events: EventStore,
    private readonly consents: MailingConsentStore,
    private readonly unisender: UnisenderClient,
    private readonly contacts: ContactApplier,
  ) {}

  /**
   * Applies every waiting event, then reads contacts from Kommo whose changes have no clear order. A failure of that read is
   * returned, so that the caller can push what was applied. Throws TransientError (lease, database, Unisender).
   */
  async applyWaiting(work: AccountWork): Promise<AppliedEvents> {
    let after = '';
    let count = 0;
    let newestAt = 0;
    const unordered: DeliveredChange[] = [];
    for (;;) {
      throwIfStopping(work.signal);
      work.lease.assertHeld();
      const events = await this.events.listWaiting(work.lease.accountId, after, BATCH_EVENTS);
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
    const unorderedIds = new Set(unordered.map(({ change }) => change.contactId));
    return changes.length === 0 ? [] : this.contacts.applyChanges(work, changes, unorderedIds);
  }

  private async applyConsents(work: AccountWork, events: readonly WaitingEvent[]): Promise<void> {
    if (events.length === 0) return;
    const { accountId } = work.lease;
    const changes: ConsentChange[] = [];
    for (const event of events) changes.push(await this.confirm(work, JSON.parse(event.payload) as ConsentChange));
    await work.lease.write(async () => {
      for (const { emails, consent } of changes) await this.consents.save(accountId, emails, consent);
      const settled = events.map(({ eventId, deliveries }): SettledEvent => ({ eventId, deliveries, state: 'applied', reason: null }));
      await this.events.settle(accountId, settled);
    });
  }

  /**
   * Returns an unsubscribe as it is. Of addresses that subscribed again, returns those that Unisender confirms: its events are
   * late and repeated, and an old one must not subscribe an address again.
   */
  private async confirm({ lease, unisenderKey }: AccountWork, change: ConsentChange): Promise<ConsentChange> {
    if (change.consent !== 'mailable') return change;
    const unmailable = await this.consents.listUnmailable(lease.accountId, change.emails);
    const confirmed: string[] = [];
    for (const email of unisenderKey ? unmailable : []) {
      const contact = unisenderKey && (await this.unisender.getContact(unisenderKey, email));
      if (isMailableStatus(contact?.status)) confirmed.push(email);
    }
    return { emails: confirmed, consent: 'mailable' };
  }

  private async reread(work: AccountWork, unordered: readonly DeliveredChange[]): Promise<{ failure?: Error }> {
    try {
      for (const chunk of chunksOf(sortByContact(unordered), REREAD_EVENTS)) await this.contacts.reread(work, chunk);
      return {};
    } catch (error) {
      return { failure: error instanceof Error ? error : new BugError(String(error), { code: 'unexpected' }) };
    }
  }
}

/** Puts the changes of one contact next to each other, so that few chunks split them. */
const sortByContact = (changes: readonly DeliveredChange[]): DeliveredChange[] =>
  [...changes].sort((a, b) => a.change.contactId - b.change.contactId);
