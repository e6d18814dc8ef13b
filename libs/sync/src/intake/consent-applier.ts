import { Injectable } from '@nestjs/common';
import { EventStore, MailingConsentStore, type SettledEvent, type WaitingEvent } from '#database';
import { type MailingConsent, isMailableStatus } from '#domain';
import { UnisenderClient } from '#unisender';
import type { AccountWork } from '../push/account-work.js';

/** The mailing consent of addresses, as a Unisender event states it. */
export interface ConsentChange {
  readonly emails: readonly string[];
  readonly consent: MailingConsent;
}

/** Applies waiting events of Unisender to the mailing consent of addresses. */
@Injectable()
export class ConsentApplier {
  constructor(
    private readonly events: EventStore,
    private readonly consents: MailingConsentStore,
    private readonly unisender: UnisenderClient,
  ) {}

  /** Applies the events and settles them in one transaction. Throws TransientError (lease, database, Unisender). */
  async apply(work: AccountWork, events: readonly WaitingEvent[]): Promise<void> {
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
}
