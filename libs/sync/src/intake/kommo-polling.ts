import { Injectable } from '@nestjs/common';
import { GapStore, PollStore } from '#database';
import { Clock, POLL_INTERVAL_MS } from '#domain';
import type { AccountWork } from '../push/account-work.js';
import { toContactEvent } from './contact-event.js';
import { ContactReader } from './contact-reader.js';
import { EventRecorder } from './event-recorder.js';

/** Changes of this time are read twice: Kommo's times are in seconds, and its list may lag. */
const OVERLAP_SECONDS = 120;
/** The first poll reads the changes of the last day. */
const FIRST_POLL_SECONDS = 24 * 3_600;
/** More changes between two polls become a gap. */
const MAX_PAGES = 40;

/** Reads the changed contacts of accounts whose plan in Kommo has no webhooks. Deletes are found by reconciliations. */
@Injectable()
export class KommoPolling {
  constructor(
    private readonly reader: ContactReader,
    private readonly events: EventRecorder,
    private readonly polls: PollStore,
    private readonly gaps: GapStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Stores an event for each contact that changed since the last poll. Does nothing for an account with webhooks, and within 15 minutes.
   * Throws TransientError and AccountBlockedError.
   */
  async pollIfDue({ account, lease }: AccountWork): Promise<void> {
    const nowMs = this.clock.nowMs();
    if (account.webhookState !== 'unavailable' || nowMs - account.polledAt < POLL_INTERVAL_MS) return;
    const { polledUntilSeconds } = account;
    const since = polledUntilSeconds === 0 ? Math.floor(nowMs / 1_000) - FIRST_POLL_SECONDS : polledUntilSeconds - OVERLAP_SECONDS;
    const newest = await this.recordChanges(lease.accountId, since);
    const poll = { polledAt: nowMs, polledUntilSeconds: Math.max(polledUntilSeconds, newest) };
    await lease.write(() => this.polls.record(lease.accountId, poll));
    Object.assign(account, poll);
  }

  /** Reads pages from the newest change on, until they show older ones. Returns the time of the newest. */
  private async recordChanges(accountId: number, since: number): Promise<number> {
    let newest = 0;
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const { contacts, hasNext } = await this.reader.readNewest(accountId, page);
      const changed = contacts.filter(({ modifiedAtSeconds = 0 }) => modifiedAtSeconds >= since);
      newest = Math.max(newest, ...changed.map(({ modifiedAtSeconds = 0 }) => modifiedAtSeconds));
      const existing = changed.filter(({ isDeleted }) => !isDeleted);
      const events = existing.map((snapshot) =>
        toContactEvent({ action: 'update', contactId: snapshot.contactId, entityType: 'contact', snapshot, isPolled: true }),
      );
      await this.events.record(accountId, events);
      if (!hasNext || changed.length < contacts.length) return newest;
    }
    await this.gaps.open(accountId, 'too_many_changes');
    return newest;
  }
}
