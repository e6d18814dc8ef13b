import { Injectable } from '@nestjs/common';
import {
  ContactStore,
  type ContactVersion,
  EventStore,
  GapStore,
  type SettledEvent,
  type StoredVersion,
  type WaitingEvent,
} from '#database';
import { Clock, type ContactChange, type DirtyCause, decideChange, groupBy } from '#domain';
import type { AccountWork } from '../push/account-work.js';
import { mayRefreshKinds } from './email-kind-dictionary.js';
import { type ContentRules, OutdatedContents, rulesOf, toVersion } from './mirror-writer.js';

/** A contact change with the event that delivered it. */
export interface DeliveredChange {
  readonly event: WaitingEvent;
  readonly change: ContactChange;
}

/** What to write for a batch of changes. */
interface Outcome {
  /** Contacts with new content, by id. */
  readonly saved: Map<number, ContactVersion>;
  /** Contacts whose new content a poll has shown. */
  readonly polledIds: Set<number>;
  /** Contacts whose content is the same and only the snapshot or the time of change differs, by id. */
  readonly unchanged: Map<number, ContactVersion>;
  readonly settled: SettledEvent[];
}

const isOfUnknownKind = ({ content }: ContactVersion): boolean =>
  [...content.addresses, ...content.unselected].some(({ kind }) => typeof kind === 'number');

/** The result of an event. */
export const settle = ({ eventId, deliveries }: WaitingEvent, state: SettledEvent['state'], reason: string | null): SettledEvent => ({
  eventId,
  deliveries,
  state,
  reason,
});

/** Applies delivered contact changes to the mirror. */
@Injectable()
export class ContactApplier {
  constructor(
    private readonly contacts: ContactStore,
    private readonly events: EventStore,
    private readonly gaps: GapStore,
    private readonly outdated: OutdatedContents,
    private readonly clock: Clock,
  ) {}

  /**
   * Applies changes in order of arrival and settles their events, in one transaction. Returns the changes that have no clear
   * order; pass them to `ContactRereader`.
   */
  async applyChanges(work: AccountWork, delivered: readonly DeliveredChange[]): Promise<DeliveredChange[]> {
    const ids = [...new Set(delivered.map(({ change }) => change.contactId))];
    const versions = await this.contacts.findVersions(work.lease.accountId, ids);
    const outcome: Outcome = { saved: new Map(), polledIds: new Set(), unchanged: new Map(), settled: [] };
    const unordered = new Map<number, DeliveredChange[]>();
    for (const item of delivered) {
      const waiting = unordered.get(item.change.contactId);
      if (waiting) waiting.push(item);
      else if (!this.addToOutcome(rulesOf(work), item, versions, outcome)) unordered.set(item.change.contactId, [item]);
    }
    const hasUnknownKind = mayRefreshKinds(work, this.clock.nowMs()) && [...outcome.saved.values()].some(isOfUnknownKind);
    const outdatedIds = await this.outdated.find(work, [...outcome.saved.keys()]);
    await work.lease.write(async () => {
      await this.writeOutcome(work.lease.accountId, outcome, outdatedIds);
      // A reconciliation reads the kinds from Kommo and then all contacts.
      if (hasUnknownKind) await this.gaps.open(work.lease.accountId, 'unknown_address_kind');
    });
    return [...unordered.values()].flat();
  }

  /** Adds one change to `outcome` and `versions`. Returns false, and adds nothing, when the contact must be read from Kommo. */
  private addToOutcome(
    rules: ContentRules,
    { event, change }: DeliveredChange,
    versions: Map<number, StoredVersion>,
    { saved, polledIds, unchanged, settled }: Outcome,
  ): boolean {
    const version = change.snapshot && toVersion(change.snapshot, rules);
    const mirror = versions.get(change.contactId);
    const decision = decideChange(change, version?.contentHash, mirror);
    if (decision === 'reread' || !version) return false;
    const { contactId, modifiedAtSeconds, contentHash, snapshotHash } = version;
    const isOlder = decision === 'skip' && modifiedAtSeconds < (mirror?.modifiedAtSeconds ?? 0);
    const isKnown = decision === 'skip' && snapshotHash === mirror?.snapshotHash;
    if (isOlder || isKnown) {
      settled.push(settle(event, 'ignored', isKnown ? 'known already' : 'older than what is known'));
      return true;
    }
    const hasSameContent = mirror?.contentHash === contentHash && !saved.has(contactId);
    (hasSameContent ? unchanged : saved).set(contactId, version);
    if (change.isPolled) polledIds.add(contactId);
    versions.set(contactId, { isDeleted: false, modifiedAtSeconds, contentHash, snapshotHash, savedAtMs: this.clock.nowMs() });
    settled.push(settle(event, 'applied', null));
    return true;
  }

  private async writeOutcome(
    accountId: number,
    { saved, polledIds, unchanged, settled }: Outcome,
    outdatedIds: ReadonlySet<number>,
  ): Promise<void> {
    const causeOf = ({ contactId }: ContactVersion): DirtyCause => {
      if (outdatedIds.has(contactId)) return 'settings';
      return polledIds.has(contactId) ? 'reread' : 'event';
    };
    const byCause = groupBy(saved.values(), causeOf);
    for (const [cause, versions] of byCause) await this.contacts.save(accountId, versions, { cause });
    const only = [...unchanged.values()].filter(({ contactId }) => !saved.has(contactId));
    await this.contacts.saveUnchanged(accountId, only);
    await this.events.settle(accountId, settled);
  }
}
