import { Injectable } from '@nestjs/common';
import type { StoredVersion } from '#database';
import { Clock, type ContactSnapshot, parkDelayMs, unavailableDelayMs } from '#domain';
import { toRereadEvent } from './contact-event.js';
import type { UnreadContact } from './contact-reader.js';
import { EventRecorder } from './event-recorder.js';

/** Kommo's list may show an older state of a contact for some time after its webhooks. */
const LAG_CHECK_MS = 60_000;
const MAX_REASON_LENGTH = 250;

/** Makes a worker read contacts from Kommo again later. */
@Injectable()
export class PlannedRereads {
  constructor(
    private readonly events: EventRecorder,
    private readonly clock: Clock,
  ) {}

  /** Contacts that Kommo did not return: a refused one is read a day later, another one after some seconds. */
  async planUnread(accountId: number, unread: ReadonlyMap<number, UnreadContact>): Promise<void> {
    const nowMs = this.clock.nowMs();
    const events = [...unread].map(([contactId, { reason, isRefused }]) =>
      toRereadEvent(contactId, {
        dueAt: nowMs + (isRefused ? parkDelayMs(1) : unavailableDelayMs(0)),
        attempts: isRefused ? 1 : 0,
        reason: reason.slice(0, MAX_REASON_LENGTH),
      }),
    );
    await this.events.record(accountId, events);
  }

  /** Contacts that were stored although their time is older than that of the mirror: Kommo's response may have lagged. */
  async planOlder(accountId: number, stored: readonly ContactSnapshot[], known: ReadonlyMap<number, StoredVersion>): Promise<void> {
    const older = stored.filter(
      ({ contactId, modifiedAtSeconds }) => (modifiedAtSeconds ?? 0) < (known.get(contactId)?.modifiedAtSeconds ?? 0),
    );
    const dueAt = this.clock.nowMs() + LAG_CHECK_MS;
    const event = { dueAt, attempts: LAG_CHECK_ATTEMPTS, reason: 'older than what was known' };
    await this.events.record(
      accountId,
      older.map(({ contactId }) => toRereadEvent(contactId, event)),
    );
  }
}

/** Such a contact is read once more; that response counts. */
const LAG_CHECK_ATTEMPTS = 4;
