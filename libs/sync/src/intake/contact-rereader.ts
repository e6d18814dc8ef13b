import { Injectable } from '@nestjs/common';
import {
  ContactStore,
  type ContactVersion,
  type DeferredEvent,
  EventStore,
  type SettledEvent,
  type StoredVersion,
  type WaitingEvent,
} from '#database';
import { Clock, type DirtyCause, LONGEST_PAUSE_MS, decideReread, groupBy, parkDelayMs, unavailableDelayMs } from '#domain';
import type { AccountWork } from '../push/account-work.js';
import { type DeliveredChange, settle } from './contact-applier.js';
import { ContactReader, type FoundContacts, type UnreadContact } from './contact-reader.js';
import { OutdatedContents, rulesOf, toVersion } from './mirror-writer.js';

const MAX_REASON_LENGTH = 250;

/** What to write after a re-read. */
interface Outcome {
  readonly saved: { readonly version: ContactVersion; readonly cause: DirtyCause }[];
  /** Existing contacts whose content is the same. */
  readonly unchanged: ContactVersion[];
  readonly deleted: { readonly contactId: number; readonly cause: DirtyCause }[];
  readonly settled: SettledEvent[];
  readonly deferred: DeferredEvent[];
}

const defer = ({ eventId, deliveries }: WaitingEvent, change: Pick<DeferredEvent, 'attempts' | 'dueAt' | 'reason'>): DeferredEvent => ({
  eventId,
  deliveries,
  ...change,
});

/** A failure of Kommo does not count as asked: only responses decide how often a change is asked about. */
function deferUnread(event: WaitingEvent, { reason, isRefused }: UnreadContact, nowMs: number): DeferredEvent {
  const attempts = event.attempts + (isRefused ? 1 : 0);
  const delayMs = isRefused ? parkDelayMs(attempts) : unavailableDelayMs(nowMs - event.receivedAt);
  return defer(event, { attempts, dueAt: nowMs + delayMs, reason: reason.slice(0, MAX_REASON_LENGTH) });
}

/** Reads contacts from Kommo whose changes have no clear order, and applies what Kommo responds. */
@Injectable()
export class ContactRereader {
  constructor(
    private readonly contacts: ContactStore,
    private readonly events: EventStore,
    private readonly reader: ContactReader,
    private readonly outdated: OutdatedContents,
    private readonly clock: Clock,
  ) {}

  /**
   * Reads the contacts of at most 250 changes, writes them into the mirror, and settles or defers their events. Returns when the first
   * of the deferred ones is due, epoch milliseconds. Throws TransientError and AccountBlockedError; pass the changes to
   * {@link deferAll} then.
   */
  async reread(work: AccountWork, delivered: readonly DeliveredChange[]): Promise<number | undefined> {
    const { accountId } = work.lease;
    const ids = [...new Set(delivered.map(({ change }) => change.contactId))];
    const found = await this.reader.readByIds(accountId, ids);
    const versions = await this.contacts.findVersions(accountId, ids);
    const outcome: Outcome = { saved: [], unchanged: [], deleted: [], settled: [], deferred: [] };
    for (const item of delivered) this.addToOutcome(work, item, { found, mirror: versions.get(item.change.contactId), outcome });
    const byEvents = outcome.saved.filter(({ cause }) => cause === 'event').map(({ version }) => version.contactId);
    const outdatedIds = await this.outdated.find(work, byEvents);
    await work.lease.write(() => this.writeOutcome(accountId, outcome, outdatedIds));
    work.lease.assertHeld();
    const dueAt = outcome.deferred.map((event) => event.dueAt);
    return dueAt.length === 0 ? undefined : Math.min(...dueAt);
  }

  /**
   * Makes the events wait because Kommo does not respond; returns until when. The newest of them decides how long: from 5 s to 15
   * minutes. They do not count as asked.
   */
  async deferAll(work: AccountWork, delivered: readonly DeliveredChange[], reason: string): Promise<number> {
    const nowMs = this.clock.nowMs();
    const newestAt = Math.max(...delivered.map(({ event }) => event.receivedAt));
    const dueAt = nowMs + Math.min(unavailableDelayMs(nowMs - newestAt), LONGEST_PAUSE_MS);
    const deferred = delivered.map(({ event }) =>
      defer(event, { attempts: event.attempts, dueAt, reason: reason.slice(0, MAX_REASON_LENGTH) }),
    );
    await work.lease.write(() => this.events.defer(work.lease.accountId, deferred));
    return dueAt;
  }

  private addToOutcome(
    work: AccountWork,
    { event, change }: DeliveredChange,
    { found, mirror, outcome }: { readonly found: FoundContacts; readonly mirror: StoredVersion | undefined; readonly outcome: Outcome },
  ): void {
    const { contactId } = change;
    const nowMs = this.clock.nowMs();
    const attempts = event.attempts + 1;
    const unread = found.unread.get(contactId);
    if (unread) {
      outcome.deferred.push(deferUnread(event, unread, nowMs));
      return;
    }
    const response = found.existing.get(contactId);
    const decision = decideReread({ change, response, mirror, attempts: event.attempts, nowMs });
    if (decision.kind === 'again') {
      outcome.deferred.push(defer(event, { attempts, dueAt: nowMs + decision.delayMs, reason: 'Kommo is asked again' }));
      return;
    }
    outcome.settled.push(settle(event, decision.kind === 'keep' ? 'ignored' : 'applied', REASONS[decision.kind]));
    const ownVersion = change.snapshot && toVersion(change.snapshot, rulesOf(work));
    const version = decision.kind === 'response' ? response && toVersion(response, rulesOf(work)) : ownVersion;
    if (decision.kind === 'delete') outcome.deleted.push({ contactId, cause: change.action === 'delete' ? 'event' : 'reread' });
    else if (decision.kind !== 'keep' && version) {
      const isSame = mirror !== undefined && !mirror.isDeleted && mirror.contentHash === version.contentHash;
      const isOfWebhook = !change.isPolled && version.contentHash === ownVersion?.contentHash;
      if (isSame) outcome.unchanged.push(version);
      else outcome.saved.push({ version, cause: isOfWebhook ? 'event' : 'reread' });
    }
  }

  private async writeOutcome(
    accountId: number,
    { saved, unchanged, deleted, settled, deferred }: Outcome,
    outdatedIds: ReadonlySet<number>,
  ): Promise<void> {
    const savedBy = groupBy(saved, ({ cause, version }) => (cause === 'event' && outdatedIds.has(version.contactId) ? 'settings' : cause));
    for (const [cause, items] of savedBy) {
      await this.contacts.save(
        accountId,
        items.map(({ version }) => version),
        { cause },
      );
    }
    for (const [cause, items] of groupBy(deleted, (item) => item.cause)) {
      await this.contacts.markDeleted(
        accountId,
        items.map(({ contactId }) => contactId),
        { cause },
      );
    }
    await this.contacts.saveUnchanged(accountId, unchanged, { isTimeExact: true });
    await this.events.settle(accountId, settled);
    await this.events.defer(accountId, deferred);
  }
}

/** What the operator reads about an event after a re-read. */
const REASONS = {
  response: 'read again from Kommo',
  change: 'newer than the response of Kommo',
  delete: 'read again from Kommo: the contact does not exist',
  keep: 'read again from Kommo: nothing to change',
} as const;
