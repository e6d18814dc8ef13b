import { Injectable } from '@nestjs/common';
import { AddressStore, ContactStore, type ContactVersion } from '#database';
import { type ContactSnapshot, sortPage } from '#domain';
import { ContactReader } from '../intake/contact-reader.js';
import { MirrorWriter, toVersion } from '../intake/mirror-writer.js';
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

/** Writes the pages that a run reads from Kommo into the mirror. */
@Injectable()
export class PageApplier {
  constructor(
    private readonly contacts: ContactStore,
    private readonly addresses: AddressStore,
    private readonly reader: ContactReader,
    private readonly mirror: MirrorWriter,
  ) {}

  /**
   * Applies one page, whose rows become dirty as of `stampMs`. The page replaces what was written into the mirror before Kommo
   * was asked for it, unless Kommo's list is older than a webhook. Contacts that were written later are read again by id.
   */
  async apply(work: AccountWork, page: ReadPage, stampMs: number): Promise<AppliedPage> {
    const { accountId } = work.lease;
    const versions = page.snapshots.filter(({ isDeleted }) => !isDeleted).map((snapshot) => toVersion(snapshot, work.settings));
    const ids = versions.map(({ contactId }) => contactId);
    const lastId = page.snapshots.reduce((last, { contactId }) => Math.max(last, contactId), page.after);
    const known = await this.contacts.findVersions(accountId, ids);
    const { fresh, same, changedMeanwhile } = sortPage(versions, known, page.askedAtMs);
    await work.lease.write(async () => {
      await this.contacts.save(accountId, fresh, { cause: 'run', stampMs });
      await this.contacts.touch(
        accountId,
        same.filter(({ contactId, modifiedAtSeconds }) => known.get(contactId)?.modifiedAtSeconds !== modifiedAtSeconds),
      );
      await this.contacts.markMissing(accountId, {
        after: page.after,
        upTo: page.isLast ? null : lastId,
        seen: ids,
        runId: page.runId,
      });
    });
    await this.reread(work, changedMeanwhile);
    const untouched = same.filter(({ contactId }) => (known.get(contactId)?.savedAtMs ?? 0) < page.runSinceMs);
    return { unchanged: await this.countUnchanged(accountId, untouched), invalid: addressesOf(versions, false).length, lastId };
  }

  /** Looks up missing contacts in Kommo. Those that exist are stored and no longer missing; the others are not changed. */
  async verifyMissing(work: AccountWork, contactIds: readonly number[]): Promise<void> {
    const existing = await this.reader.readByIds(work.lease.accountId, contactIds);
    const ids = contactIds.filter((id) => existing.has(id));
    await this.mirror.replace(work, ids, existing);
  }

  private async reread(work: AccountWork, versions: readonly ContactVersion[]): Promise<void> {
    if (versions.length === 0) return;
    const ids = versions.map(({ contactId }) => contactId);
    await this.mirror.replace(work, ids, await this.reader.readByIds(work.lease.accountId, ids));
  }

  /** Dirty addresses are counted when they are pushed. */
  private async countUnchanged(accountId: number, same: readonly ContactVersion[]): Promise<number> {
    const emails = addressesOf(same, true);
    return emails.length - (await this.addresses.countDirtyAmong(accountId, [...new Set(emails)]));
  }
}

const addressesOf = (versions: readonly ContactVersion[], valid: boolean): string[] =>
  versions.flatMap(({ content }) =>
    content.addresses.filter(({ invalidReason }) => (invalidReason === null) === valid).map(({ email }) => email),
  );
