import type { ContactVersion, SettledEvent, Tx, WaitingEvent } from '#database';
import {
  type ContactChange,
  type ContactSnapshot,
  type MirrorVersion,
  chunksOf,
  decideChange,
  hashContent,
  newestOf,
  sortPage,
  toContactContent,
} from '#domain';
import { KOMMO_PAGE_LIMIT } from '#kommo';
import type { SyncContext } from '../context.js';
import type { TokenService } from '../tokens/token-service.js';
import type { AccountWork } from './account-work.js';

/** A delivered change with the event it came in. */
export interface DeliveredChange {
  readonly event: WaitingEvent;
  readonly change: ContactChange;
}

/** One page of a run's read, in order of id. */
export interface ReadPage {
  readonly snapshots: readonly ContactSnapshot[];
  /** When Kommo was asked for it, epoch ms. */
  readonly askedAtMs: number;
  /** The highest id of the page before. */
  readonly after: number;
  readonly isLast: boolean;
  readonly runId: string;
  /** When the run began, epoch ms: what the mirror took since is counted where it is told. */
  readonly runSinceMs: number;
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

const toVersion = (snapshot: ContactSnapshot, work: AccountWork): ContactVersion => {
  const content = toContactContent(snapshot, work.settings);
  return {
    contactId: snapshot.contactId,
    content,
    contentHash: hashContent(content),
    modifiedAtSeconds: snapshot.modifiedAtSeconds ?? 0,
  };
};

/** Brings the mirror to what Kommo has: from delivered changes, from re-read contacts and from pages of a run. */
export class ContactApplier {
  constructor(
    private readonly context: SyncContext,
    private readonly tokens: TokenService,
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
    await work.lease.write((tx) => this.store(tx, work, outcome));
    return left;
  }

  /** Takes one change into the outcome; false when it must be re-read. */
  private fold(work: AccountWork, { event, change }: DeliveredChange, versions: Map<number, MirrorVersion>, outcome: Outcome): boolean {
    const version = change.snapshot && toVersion(change.snapshot, work);
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
    versions.set(change.contactId, { gone: false, modifiedAtSeconds, contentHash, savedAtMs: this.context.clock.nowMs() });
    outcome.settled.push(settle(event, 'applied', null));
    return true;
  }

  private async store(tx: Tx, work: AccountWork, { saved, touched, settled }: Outcome): Promise<void> {
    const { stores } = this.context;
    const { accountId } = work.lease;
    await stores.contacts.save(tx, accountId, [...saved.values()]);
    await stores.contacts.touch(tx, accountId, [...touched.values()]);
    await stores.events.settle(tx, accountId, settled);
  }

  /** Asks Kommo for the contacts of changes that cannot be ordered, and makes its answer the mirror's. */
  async reread(work: AccountWork, delivered: readonly DeliveredChange[]): Promise<void> {
    const ids = [...new Set(delivered.map(({ change }) => change.contactId))];
    for (const chunk of chunksOf(ids, KOMMO_PAGE_LIMIT)) {
      const asked = new Set(chunk);
      const found = await this.askKommo(work, chunk);
      const items = delivered.filter(({ change }) => asked.has(change.contactId));
      const changed = newestOf(
        found,
        items.map(({ change }) => change),
      );
      const settled = items.map(({ event }) => settle(event, 'applied', 'read again from Kommo'));
      await this.storeTruth(work, chunk, changed, settled);
      work.lease.assertHeld();
    }
  }

  /** Of these contacts, those that Kommo still has become living in the mirror; the rest is left as it stands. */
  async verifyMissing(work: AccountWork, contactIds: readonly number[]): Promise<void> {
    const found = await this.askKommo(work, contactIds);
    const living = contactIds.filter((id) => found.has(id));
    await this.storeTruth(work, living, found, []);
  }

  private async askKommo(work: AccountWork, contactIds: readonly number[]): Promise<Map<number, ContactSnapshot>> {
    const found = await this.tokens.withSession(work.lease.accountId, (session) =>
      this.context.kommo.findContactsByIds(session, contactIds),
    );
    return new Map([...found].filter(([, snapshot]) => !snapshot.gone));
  }

  private async storeTruth(
    work: AccountWork,
    contactIds: readonly number[],
    living: ReadonlyMap<number, ContactSnapshot>,
    settled: readonly SettledEvent[],
  ): Promise<void> {
    const { stores } = this.context;
    const { accountId } = work.lease;
    const versions = contactIds.flatMap((id) => {
      const snapshot = living.get(id);
      return snapshot ? [toVersion(snapshot, work)] : [];
    });
    await work.lease.write(async (tx) => {
      await stores.contacts.save(tx, accountId, versions);
      await stores.contacts.bury(
        tx,
        accountId,
        contactIds.filter((id) => !living.has(id)),
      );
      await stores.events.settle(tx, accountId, settled);
    });
  }

  /**
   * Applies one page of a run. What it shows is newer than what the mirror took before the page was asked for, unless Kommo's
   * list lags behind a hook; contacts that the mirror took meanwhile are read again. Returns what is unchanged and what cannot
   * be sent, counted in addresses. `stampMs` marks the page's rows.
   */
  async applyPage(work: AccountWork, page: ReadPage, stampMs: number): Promise<{ unchanged: number; invalid: number; lastId: number }> {
    const { stores } = this.context;
    const { accountId } = work.lease;
    const living = page.snapshots.filter(({ gone }) => !gone).map((snapshot) => toVersion(snapshot, work));
    const ids = living.map(({ contactId }) => contactId);
    const lastId = page.snapshots.reduce((last, { contactId }) => Math.max(last, contactId), page.after);
    const known = await stores.contacts.findVersions(accountId, ids);
    const { fresh, same, outrun } = sortPage(living, known, page.askedAtMs);
    await work.lease.write(async (tx) => {
      await stores.contacts.save(tx, accountId, fresh, stampMs);
      await stores.contacts.touch(
        tx,
        accountId,
        same.filter(({ contactId, modifiedAtSeconds }) => known.get(contactId)?.modifiedAtSeconds !== modifiedAtSeconds),
      );
      await stores.contacts.markMissing(tx, accountId, {
        after: page.after,
        upTo: page.isLast ? null : lastId,
        seen: ids,
        runId: page.runId,
      });
    });
    await this.readAgain(work, outrun);
    const untouched = same.filter(({ contactId }) => (known.get(contactId)?.savedAtMs ?? 0) < page.runSinceMs);
    return { unchanged: await this.countUnchanged(accountId, untouched), invalid: addressesOf(living, false).length, lastId };
  }

  private async readAgain(work: AccountWork, versions: readonly ContactVersion[]): Promise<void> {
    if (versions.length === 0) return;
    const ids = versions.map(({ contactId }) => contactId);
    await this.storeTruth(work, ids, await this.askKommo(work, ids), []);
  }

  /** What waits to be told counts when it is. */
  private async countUnchanged(accountId: number, same: readonly ContactVersion[]): Promise<number> {
    const emails = addressesOf(same, true);
    return emails.length - (await this.context.stores.addresses.countDirtyAmong(accountId, [...new Set(emails)]));
  }
}

const addressesOf = (versions: readonly ContactVersion[], valid: boolean): string[] =>
  versions.flatMap(({ content }) =>
    content.addresses.filter(({ invalidReason }) => (invalidReason === null) === valid).map(({ email }) => email),
  );
