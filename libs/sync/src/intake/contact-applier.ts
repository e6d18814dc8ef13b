import { Injectable } from '@nestjs/common';
import { ContactStore, type ContactVersion, EventStore, type SettledEvent, type WaitingEvent } from '#database';
import { Clock, type ContactChange, type MirrorVersion, chunksOf, decideChange, newestOf } from '#domain';
import { KOMMO_PAGE_LIMIT } from '#kommo';
import type { AccountWork } from '../push/account-work.js';
import { ContactReader } from './contact-reader.js';
import { MirrorWriter, toVersion } from './mirror-writer.js';

/** A contact change with the event that delivered it. */
export interface DeliveredChange {
  readonly event: WaitingEvent;
  readonly change: ContactChange;
}

/** What to write for a batch of changes. */
interface Outcome {
  /** Contacts with new content, by id. */
  readonly saved: Map<number, ContactVersion>;
  /** Contacts whose content is the same and only the time of change differs, by id. */
  readonly touched: Map<number, ContactVersion>;
  readonly settled: SettledEvent[];
}

const settle = ({ eventId, deliveries }: WaitingEvent, state: SettledEvent['state'], reason: string | null): SettledEvent => ({
  eventId,
  deliveries,
  state,
  reason,
});

/** Applies delivered contact changes to the mirror, and reads contacts from Kommo whose changes have no clear order. */
@Injectable()
export class ContactApplier {
  constructor(
    private readonly contacts: ContactStore,
    private readonly events: EventStore,
    private readonly reader: ContactReader,
    private readonly mirror: MirrorWriter,
    private readonly clock: Clock,
  ) {}

  /**
   * Applies changes in order of arrival and settles their events, in one transaction. Returns the changes that have no clear
   * order; pass them to {@link reread}. `unorderedIds` are contacts that already need it.
   */
  async applyChanges(
    work: AccountWork,
    delivered: readonly DeliveredChange[],
    unorderedIds: ReadonlySet<number>,
  ): Promise<DeliveredChange[]> {
    const ids = [...new Set(delivered.map(({ change }) => change.contactId))];
    const versions = await this.contacts.findVersions(work.lease.accountId, ids);
    const outcome: Outcome = { saved: new Map(), touched: new Map(), settled: [] };
    const unordered = new Set(unorderedIds);
    const left: DeliveredChange[] = [];
    for (const item of delivered) {
      const isUnordered = unordered.has(item.change.contactId) || !this.addToOutcome(work, item, versions, outcome);
      if (!isUnordered) continue;
      unordered.add(item.change.contactId);
      left.push(item);
    }
    await work.lease.write(() => this.writeOutcome(work.lease.accountId, outcome));
    return left;
  }

  /**
   * Reads the contacts of these changes from Kommo, writes them into the mirror and settles their events. Throws TransientError
   * and AccountBlockedError.
   */
  async reread(work: AccountWork, delivered: readonly DeliveredChange[]): Promise<void> {
    const ids = [...new Set(delivered.map(({ change }) => change.contactId))];
    for (const chunk of chunksOf(ids, KOMMO_PAGE_LIMIT)) {
      const chunkIds = new Set(chunk);
      const found = await this.reader.readByIds(work.lease.accountId, chunk);
      const items = delivered.filter(({ change }) => chunkIds.has(change.contactId));
      const newest = newestOf(
        found,
        items.map(({ change }) => change),
      );
      const settled = items.map(({ event }) => settle(event, 'applied', 'read again from Kommo'));
      await this.mirror.replace(work, chunk, newest, settled);
      work.lease.assertHeld();
    }
  }

  /** Adds one change to `outcome` and `versions`. Returns false, and adds nothing, when the contact must be read from Kommo. */
  private addToOutcome(
    work: AccountWork,
    { event, change }: DeliveredChange,
    versions: Map<number, MirrorVersion>,
    outcome: Outcome,
  ): boolean {
    const version = change.snapshot && toVersion(change.snapshot, work.settings);
    const mirror = versions.get(change.contactId);
    const decision = decideChange(change, version?.contentHash, mirror);
    if (decision === 'reread' || !version) return false;
    const hasSameContent = mirror?.contentHash === version.contentHash;
    if (decision === 'skip') {
      outcome.settled.push(settle(event, 'ignored', hasSameContent ? 'known already' : 'older than what is known'));
      return true;
    }
    if (hasSameContent && !outcome.saved.has(change.contactId)) outcome.touched.set(change.contactId, version);
    else {
      outcome.touched.delete(change.contactId);
      outcome.saved.set(change.contactId, version);
    }
    const { modifiedAtSeconds, contentHash } = version;
    versions.set(change.contactId, { isDeleted: false, modifiedAtSeconds, contentHash, savedAtMs: this.clock.nowMs() });
    outcome.settled.push(settle(event, 'applied', null));
    return true;
  }

  private async writeOutcome(accountId: number, { saved, touched, settled }: Outcome): Promise<void> {
    await this.contacts.save(accountId, [...saved.values()], { cause: 'event' });
    await this.contacts.touch(accountId, [...touched.values()]);
    await this.events.settle(accountId, settled);
  }
}
