import type { ContactVersion } from '#database';
import { type ContactSnapshot, sortPage } from '#domain';
import type { AccountWork } from '../push/account-work.js';
import { toVersion } from '../intake/contact-version.js';
import type { KommoTruth } from '../intake/kommo-truth.js';
import type { SyncContext } from '../context.js';

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

/** What a page was, counted in addresses. */
export interface AppliedPage {
  readonly unchanged: number;
  readonly invalid: number;
  /** The highest id up to this page. */
  readonly lastId: number;
}

/** Brings the mirror to what a run reads from Kommo. */
export class PageApplier {
  constructor(
    private readonly context: SyncContext,
    private readonly truth: KommoTruth,
  ) {}

  /**
   * Applies one page of a run. What it shows is newer than what the mirror took before the page was asked for, unless Kommo's
   * list lags behind a hook; contacts that the mirror took meanwhile are read again. `stampMs` marks the page's rows.
   */
  async apply(work: AccountWork, page: ReadPage, stampMs: number): Promise<AppliedPage> {
    const { stores } = this.context;
    const { accountId } = work.lease;
    const living = page.snapshots.filter(({ isDeleted }) => !isDeleted).map((snapshot) => toVersion(snapshot, work.settings));
    const ids = living.map(({ contactId }) => contactId);
    const lastId = page.snapshots.reduce((last, { contactId }) => Math.max(last, contactId), page.after);
    const known = await stores.contacts.findVersions(accountId, ids);
    const { fresh, same, outrun } = sortPage(living, known, page.askedAtMs);
    await work.lease.write(async () => {
      await stores.contacts.save(accountId, fresh, stampMs);
      await stores.contacts.touch(
        accountId,
        same.filter(({ contactId, modifiedAtSeconds }) => known.get(contactId)?.modifiedAtSeconds !== modifiedAtSeconds),
      );
      await stores.contacts.markMissing(accountId, {
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

  /** Of these contacts, those that Kommo still has become living in the mirror; the rest is left as it stands. */
  async verifyMissing(work: AccountWork, contactIds: readonly number[]): Promise<void> {
    const found = await this.truth.find(work, contactIds);
    const living = contactIds.filter((id) => found.has(id));
    await this.truth.store(work, living, found);
  }

  private async readAgain(work: AccountWork, versions: readonly ContactVersion[]): Promise<void> {
    if (versions.length === 0) return;
    const ids = versions.map(({ contactId }) => contactId);
    await this.truth.store(work, ids, await this.truth.find(work, ids));
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
