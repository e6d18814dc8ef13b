import { Injectable } from '@nestjs/common';
import { EventStore, MailingConsentStore, type SettledEvent, type WaitingEvent } from '#database';
import type { AccountWork } from '../push/account-work.js';
import { AddressLooker, viewsOf } from '../push/address-looker.js';

/** A waiting event of Unisender: its addresses, and whether Unisender must be asked about them. */
export interface ConsentNotice {
  readonly emails: readonly string[];
  readonly needsLook: boolean;
}

/** Settles waiting events of Unisender. Their refusals took effect when they arrived; here Unisender is asked about the others. */
@Injectable()
export class ConsentApplier {
  constructor(
    private readonly events: EventStore,
    private readonly consents: MailingConsentStore,
    private readonly looker: AddressLooker,
  ) {}

  /**
   * Asks Unisender about addresses that are known as refused and that an event is about; learns from the answers; settles the events
   * in the same transaction. An address that Unisender does not show keeps its refusals; without a key, the events wait. Throws
   * TransientError (lease, database, Unisender).
   */
  async apply(work: AccountWork, events: readonly WaitingEvent[]): Promise<void> {
    if (events.length === 0) return;
    const { accountId } = work.lease;
    const notices = events.map(({ payload }) => JSON.parse(payload) as ConsentNotice);
    const emails = [...new Set(notices.filter(({ needsLook }) => needsLook).flatMap((notice) => notice.emails))];
    const refused = emails.length === 0 ? [] : await this.consents.listUnmailable(accountId, emails);
    if (refused.length > 0 && !work.unisenderKey) return;
    const views = work.unisenderKey ? viewsOf(await this.looker.look(work, work.unisenderKey, refused)) : new Map<string, never>();
    await work.lease.write(async () => {
      await this.consents.learn(accountId, views);
      const settled = events.map(({ eventId, deliveries }): SettledEvent => ({ eventId, deliveries, state: 'applied', reason: null }));
      await this.events.settle(accountId, settled);
    });
  }
}
