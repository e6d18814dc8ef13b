import { Injectable } from '@nestjs/common';
import { EventStore, type WaitingEvent } from '#database';
import { BugError } from '#domain';
import { KOMMO_PAGE_LIMIT } from '#kommo';
import { type AccountWork, throwIfStopping } from '../push/account-work.js';
import { ConsentApplier } from './consent-applier.js';
import { ContactApplier, type DeliveredChange } from './contact-applier.js';
import { toContactChange } from './contact-event.js';
import { ContactRereader } from './contact-rereader.js';
import { KommoPolling } from './kommo-polling.js';

/** One transaction for each batch: SQLite stores no webhook meanwhile. 500 events would take 0.15 s. */
const BATCH_EVENTS = 100;
/** Events of one pass; the difference is pushed between passes. A bounded pass leaves the worker to other accounts. */
const MAX_PASS_EVENTS = 10_000;

/** The result of one pass over the waiting events. */
export interface AppliedEvents {
  readonly count: number;
  /** When the newest event arrived, epoch milliseconds; 0 without events. */
  readonly newestAt: number;
  /** Whether more events wait that this pass did not reach. */
  readonly hasMore: boolean;
  /** When the first event is due that this pass deferred, epoch milliseconds. */
  readonly retryAt?: number;
  /** Why some contacts could not be read from Kommo. Their events still wait. */
  readonly failure?: Error;
}

/** The state of one pass. At most 250 unordered changes are in memory. */
class Pass {
  count = 0;
  newestAt = 0;
  retryAt = Infinity;
  failure: Error | undefined;
  unordered: DeliveredChange[] = [];

  constructor(readonly isTimeUp: () => boolean) {}

  note(events: readonly WaitingEvent[]): void {
    this.count += events.length;
    this.newestAt = Math.max(this.newestAt, ...events.map(({ receivedAt }) => receivedAt));
  }

  noteRetry(dueAt: number | undefined): void {
    this.retryAt = Math.min(this.retryAt, dueAt ?? Infinity);
  }
}

const toDelivered = (event: WaitingEvent): DeliveredChange => ({ event, change: toContactChange(event) });

const toError = (error: unknown): Error => (error instanceof Error ? error : new BugError(String(error), { code: 'unexpected' }));

const isOfKommo = ({ source }: WaitingEvent): boolean => source === 'kommo';

/** Applies an account's waiting events to the mirror, in order of arrival. */
@Injectable()
export class EventApplier {
  constructor(
    private readonly events: EventStore,
    private readonly consents: ConsentApplier,
    private readonly contacts: ContactApplier,
    private readonly rereader: ContactRereader,
    private readonly polling: KommoPolling,
  ) {}

  /**
   * Applies waiting events, 10,000 at most, and reads contacts from Kommo whose changes have no clear order. A failure of such a read
   * is returned, so that the caller can push what was applied; the events of these contacts are deferred for some seconds. Begins no
   * other batch once `isTimeUp`, if given. Throws TransientError (lease, database, Unisender).
   */
  async applyWaiting(work: AccountWork, isTimeUp: () => boolean = () => false): Promise<AppliedEvents> {
    const pass = new Pass(isTimeUp);
    await this.poll(work, pass);
    const hasMore = await this.applyFresh(work, pass);
    await this.rereadAll(work, pass);
    await this.applyDeferred(work, pass);
    const { count, newestAt, retryAt, failure } = pass;
    return { count, newestAt, hasMore, ...(retryAt < Infinity ? { retryAt } : {}), ...(failure ? { failure } : {}) };
  }

  private async poll(work: AccountWork, pass: Pass): Promise<void> {
    try {
      await this.polling.pollIfDue(work);
    } catch (error) {
      throwIfStopping(work.signal);
      pass.failure = toError(error);
    }
  }

  /** Returns whether more events wait. */
  private async applyFresh(work: AccountWork, pass: Pass): Promise<boolean> {
    for (let after = ''; pass.count < MAX_PASS_EVENTS && !pass.isTimeUp();) {
      throwIfStopping(work.signal);
      work.lease.assertHeld();
      const events = await this.events.listWaiting(work.lease.accountId, after, BATCH_EVENTS);
      if (events.length === 0) return false;
      await this.consents.apply(
        work,
        events.filter((event) => !isOfKommo(event)),
      );
      const changes = events.filter(isOfKommo).map(toDelivered);
      if (changes.length > 0) pass.unordered.push(...(await this.contacts.applyChanges(work, changes)));
      while (pass.unordered.length >= KOMMO_PAGE_LIMIT) await this.rereadSome(work, pass);
      after = events.at(-1)?.eventId ?? after;
      pass.note(events);
      // Those that arrived meanwhile belong to the next pass: else a steady flow would keep this one from its end, and from the push.
      if (events.length < BATCH_EVENTS) return false;
    }
    return true;
  }

  /** Events whose contacts Kommo was asked about before. When Kommo does not respond, the others stay for later. */
  private async applyDeferred(work: AccountWork, pass: Pass): Promise<void> {
    while (!pass.failure && pass.count < 2 * MAX_PASS_EVENTS && !pass.isTimeUp()) {
      throwIfStopping(work.signal);
      const events = await this.events.listDeferred(work.lease.accountId, KOMMO_PAGE_LIMIT);
      if (events.length === 0) return;
      pass.note(events);
      pass.unordered.push(...events.map(toDelivered));
      await this.rereadAll(work, pass);
    }
  }

  private async rereadAll(work: AccountWork, pass: Pass): Promise<void> {
    while (pass.unordered.length > 0) await this.rereadSome(work, pass);
  }

  /** Reads the first 250 unordered contacts. After a failure Kommo is not called any more in this pass. */
  private async rereadSome(work: AccountWork, pass: Pass): Promise<void> {
    const changes = pass.unordered.splice(0, KOMMO_PAGE_LIMIT);
    try {
      if (!pass.failure) return pass.noteRetry(await this.rereader.reread(work, changes));
    } catch (error) {
      work.lease.assertHeld();
      throwIfStopping(work.signal);
      pass.failure = toError(error);
    }
    pass.noteRetry(await this.rereader.deferAll(work, changes, pass.failure?.message ?? ''));
  }
}
