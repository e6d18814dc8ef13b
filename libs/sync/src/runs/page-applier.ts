import { Injectable } from '@nestjs/common';
import { AddressStore, ContactStore, type ContactVersion, type StoredVersion } from '#database';
import { type ContactSnapshot, sortPage } from '#domain';
import { ContactReader } from '../intake/contact-reader.js';
import { MirrorWriter, rulesOf, toVersion } from '../intake/mirror-writer.js';
import { PlannedRereads } from '../intake/planned-rereads.js';
import type { AccountWork } from '../push/account-work.js';

/** One page of a run's read, in order of id. */
export interface ReadPage {
  readonly snapshots: readonly ContactSnapshot[];
  /** When Kommo was asked for it, epoch milliseconds. */
  readonly askedAtMs: number;
  /** The highest id of the page before. */
  readonly after: number;
  readonly isLast: boolean;
  readonly runId: string;
  /** When the run began, epoch milliseconds. What was written into the mirror since then is counted when it is pushed. */
  readonly runSinceMs: number;
}

/** The result of a page, counted in addresses. */
export interface AppliedPage {
  readonly unchanged: number;
  readonly invalid: number;
  /** The highest id up to this page. */
  readonly lastId: number;
}

type Versions = ReadonlyMap<number, StoredVersion>;

/** Writes the pages that a run reads from Kommo into the mirror. */
@Injectable()
export class PageApplier {
  constructor(
    private readonly contacts: ContactStore,
    private readonly addresses: AddressStore,
    private readonly reader: ContactReader,
    private readonly mirror: MirrorWriter,
    private readonly rereads: PlannedRereads,
  ) {}

  /**
   * Applies one page, whose rows become dirty as of `stampMs`. The page replaces what was written into the mirror before Kommo
   * was asked for it. Contacts that were written later, or that are newer in the mirror, are read again by id; that response counts.
   */
  async apply(work: AccountWork, page: ReadPage, stampMs: number): Promise<AppliedPage> {
    const { accountId } = work.lease;
    const versions = page.snapshots.filter(({ isDeleted }) => !isDeleted).map((snapshot) => toVersion(snapshot, rulesOf(work)));
    const ids = versions.map(({ contactId }) => contactId);
    const lastId = page.snapshots.reduce((last, { contactId }) => Math.max(last, contactId), page.after);
    const known = await this.contacts.findVersions(accountId, ids);
    const { fresh, same, doubtful } = sortPage(versions, known, page.askedAtMs);
    const writePage = async () => {
      await this.contacts.save(accountId, fresh, { cause: 'run', stampMs });
      await this.contacts.saveUnchanged(accountId, same.filter(isStoredAgain(known)));
      const range = { after: page.after, upTo: page.isLast ? null : lastId };
      await this.contacts.markMissing(accountId, { ...range, seen: ids, runId: page.runId });
    };
    // A contact that is known may lose addresses that no page shows.
    const isEachNew = doubtful.length === 0 && !fresh.some(({ contactId }) => known.has(contactId));
    const changed = isEachNew ? new Set(addressesOf(fresh, true)) : 'all';
    await work.lease.round.write(changed, async () => {
      await work.lease.write(writePage, { durable: 'later' });
      await this.reread(work, doubtful, { known, runId: page.runId });
    });
    const untouched = same.filter(({ contactId }) => (known.get(contactId)?.savedAtMs ?? 0) < page.runSinceMs);
    return { unchanged: await this.countUnchanged(accountId, untouched), invalid: addressesOf(versions, false).length, lastId };
  }

  /**
   * Looks up missing contacts in Kommo. Those that exist are stored and no longer missing. Those that Kommo does not return are not
   * missing either, and are read again later. The others are not changed.
   */
  async verifyMissing(work: AccountWork, contactIds: readonly number[]): Promise<void> {
    const { existing, unread } = await this.reader.readByIds(work.lease.accountId, contactIds);
    await this.mirror.store(work, [...existing.values()], 'run');
    await work.lease.write(async () => {
      await this.contacts.clearMissing(work.lease.accountId, [...unread.keys()]);
      await this.rereads.planUnread(work.lease.accountId, unread);
    });
  }

  /** Kommo showed these contacts in the list; one that it does not show by id is missing until the run verifies it. */
  private async reread(
    work: AccountWork,
    doubtful: readonly ContactVersion[],
    { known, runId }: { readonly known: Versions; readonly runId: string },
  ): Promise<void> {
    if (doubtful.length === 0) return;
    const { accountId } = work.lease;
    const ids = doubtful.map(({ contactId }) => contactId);
    const { existing, unread } = await this.reader.readByIds(accountId, ids);
    await this.mirror.store(work, [...existing.values()], 'run');
    const hidden = ids.filter((id) => !existing.has(id) && !unread.has(id));
    await work.lease.write(async () => {
      await this.contacts.flagMissing(accountId, runId, hidden);
      await this.rereads.planUnread(accountId, unread);
      await this.rereads.planOlder(accountId, [...existing.values()], known);
    });
  }

  /** Dirty addresses are counted when they are pushed. */
  private async countUnchanged(accountId: number, same: readonly ContactVersion[]): Promise<number> {
    const emails = addressesOf(same, true);
    return emails.length - (await this.addresses.countDirtyAmong(accountId, [...new Set(emails)]));
  }
}

/** Whether the stored snapshot or the time of a contact with equal content differs. */
const isStoredAgain =
  (known: Versions) =>
  ({ contactId, modifiedAtSeconds, snapshotHash }: ContactVersion): boolean => {
    const stored = known.get(contactId);
    return stored?.modifiedAtSeconds !== modifiedAtSeconds || stored.snapshotHash !== snapshotHash;
  };

function addressesOf(versions: readonly ContactVersion[], valid: boolean): string[] {
  const emails: string[] = [];
  for (const { content } of versions) {
    for (const { email, invalidReason } of content.addresses) if ((invalidReason === null) === valid) emails.push(email);
  }
  return emails;
}
