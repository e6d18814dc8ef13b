import type { ContactVersion, SettledEvent, WaitingEvent } from '#database';
import { type ContactChange, type MirrorVersion, chunksOf, decideChange, newestOf } from '#domain';
import { KOMMO_PAGE_LIMIT } from '#kommo';
import type { SyncContext } from '../context.js';
import type { AccountWork } from '../push/account-work.js';
import { toVersion } from './contact-version.js';
import type { KommoTruth } from './kommo-truth.js';

/** A delivered change with the event it came in. */
export interface DeliveredChange {
  readonly event: WaitingEvent;
  readonly change: ContactChange;
}

/** What became of contacts: which content is new, which only moved in time. */
interface Outcome {
  readonly saved: Map<number, ContactVersion>;
  readonly touched: Map<number, ContactVersion>;
  readonly settled: SettledEvent[];
}

const settle = ({ eventId, deliveries }: WaitingEvent, state: SettledEvent['state'], reason: string | null): SettledEvent => ({
  eventId,
  deliveries,
  state,
  reason,
});

/** Brings the mirror to what Kommo has: from delivered changes and, where these cannot be ordered, from Kommo itself. */
export class ContactApplier {
  constructor(
    private readonly context: SyncContext,
    private readonly truth: KommoTruth,
  ) {}

  /**
   * Applies changes in order of arrival, in one transaction with the end of their events. Returns those that cannot be
   * ordered, to be given to {@link reread}; `held` are contacts that already wait for that.
   */
  async applyChanges(work: AccountWork, delivered: readonly DeliveredChange[], held: ReadonlySet<number>): Promise<DeliveredChange[]> {
    const { stores } = this.context;
    const ids = [...new Set(delivered.map(({ change }) => change.contactId))];
    const versions = await stores.contacts.findVersions(work.lease.accountId, ids);
    const outcome: Outcome = { saved: new Map(), touched: new Map(), settled: [] };
    const unordered = new Set(held);
    const left: DeliveredChange[] = [];
    for (const item of delivered) {
      const isUnordered = unordered.has(item.change.contactId) || !this.fold(work, item, versions, outcome);
      if (!isUnordered) continue;
      unordered.add(item.change.contactId);
      left.push(item);
    }
    await work.lease.write(() => this.store(work, outcome));
    return left;
  }

  /** Takes one change into the outcome; false when it must be re-read. */
  private fold(work: AccountWork, { event, change }: DeliveredChange, versions: Map<number, MirrorVersion>, outcome: Outcome): boolean {
    const version = change.snapshot && toVersion(change.snapshot, work.settings);
    const mirror = versions.get(change.contactId);
    const decision = decideChange(change, version?.contentHash, mirror);
    if (decision === 'reread' || !version) return false;
    if (decision === 'skip') {
      outcome.settled.push(
        settle(event, 'ignored', mirror?.contentHash === version.contentHash ? 'known already' : 'older than what is known'),
      );
      return true;
    }
    const isSame = mirror?.contentHash === version.contentHash && !outcome.saved.has(change.contactId);
    if (isSame) outcome.touched.set(change.contactId, version);
    else {
      outcome.touched.delete(change.contactId);
      outcome.saved.set(change.contactId, version);
    }
    const { modifiedAtSeconds, contentHash } = version;
    versions.set(change.contactId, { isDeleted: false, modifiedAtSeconds, contentHash, savedAtMs: this.context.clock.nowMs() });
    outcome.settled.push(settle(event, 'applied', null));
    return true;
  }

  private async store(work: AccountWork, { saved, touched, settled }: Outcome): Promise<void> {
    const { stores } = this.context;
    const { accountId } = work.lease;
    await stores.contacts.save(accountId, [...saved.values()]);
    await stores.contacts.touch(accountId, [...touched.values()]);
    await stores.events.settle(accountId, settled);
  }

  /** Asks Kommo for the contacts of changes that cannot be ordered, and makes its answer the mirror's. */
  async reread(work: AccountWork, delivered: readonly DeliveredChange[]): Promise<void> {
    const ids = [...new Set(delivered.map(({ change }) => change.contactId))];
    for (const chunk of chunksOf(ids, KOMMO_PAGE_LIMIT)) {
      const asked = new Set(chunk);
      const found = await this.truth.find(work, chunk);
      const items = delivered.filter(({ change }) => asked.has(change.contactId));
      const changed = newestOf(
        found,
        items.map(({ change }) => change),
      );
      const settled = items.map(({ event }) => settle(event, 'applied', 'read again from Kommo'));
      await this.truth.store(work, chunk, changed, settled);
      work.lease.assertHeld();
    }
  }
}
