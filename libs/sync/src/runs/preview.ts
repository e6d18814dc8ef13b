import { Injectable } from '@nestjs/common';
import { AddressStore, ContactStore, type RunEntity, type RunCounts } from '#database';
import {
  type AddressRecord,
  type ContactContent,
  type ContactSnapshot,
  type ExpectedOutcome,
  expectOutcome,
  toContactContent,
} from '#domain';
import { KOMMO_PAGE_LIMIT } from '#kommo';
import { ContactReader } from '../intake/contact-reader.js';
import { type AccountWork, throwIfStopping } from '../push/account-work.js';
import { ESTIMATE_AFTER_PAGE, RunProgress, type StepOutcome } from './run-progress.js';
import { RunTransitions } from './run-transitions.js';

/** Counts what an import would change. Writes nothing to Unisender or the mirror. */
@Injectable()
export class Preview {
  constructor(
    private readonly reader: ContactReader,
    private readonly transitions: RunTransitions,
    private readonly progress: RunProgress,
    private readonly addresses: AddressStore,
    private readonly contacts: ContactStore,
  ) {}

  /** Reads all pages and counts. A preview that was interrupted starts again at the first page. */
  async count(run: RunEntity, work: AccountWork): Promise<StepOutcome> {
    await this.progress.save(run.runId, { page: 0 }, negate(run));
    let after = 0;
    for (let page = 1; ; page += 1) {
      throwIfStopping(work.signal);
      work.lease.assertHeld();
      const { contacts, hasNext } = await this.reader.readPage(run.accountId, page);
      const last = contacts.reduce((highest, { contactId }) => Math.max(highest, contactId), after);
      const counts = await this.countPage(work, contacts, { after, upTo: hasNext ? last : null });
      if (!(await this.progress.save(run.runId, { page }, counts))) return 'ended';
      if (!hasNext) return this.complete(run);
      if (page === ESTIMATE_AFTER_PAGE && run.totalEstimate === null) await this.estimateTotal(run);
      after = last;
    }
  }

  private async estimateTotal({ runId, accountId }: RunEntity): Promise<void> {
    const totalEstimate = await this.reader.estimateTotal(accountId, ESTIMATE_AFTER_PAGE * KOMMO_PAGE_LIMIT + 1);
    if (totalEstimate !== undefined) await this.progress.save(runId, { totalEstimate });
  }

  private async complete({ runId }: RunEntity): Promise<StepOutcome> {
    await this.transitions.complete(runId);
    return 'settled';
  }

  private async countPage(
    work: AccountWork,
    snapshots: readonly ContactSnapshot[],
    range: { readonly after: number; readonly upTo: number | null },
  ): Promise<RunCounts> {
    const { accountId } = work.lease;
    const existing = snapshots.filter(({ isDeleted }) => !isDeleted);
    const contents = existing.map((snapshot) => toContactContent(snapshot, work.settings));
    const emails = contents.flatMap(({ addresses }) => addresses.map(({ email }) => email));
    const records = await this.addresses.listRecords(accountId, emails);
    const seen = existing.map(({ contactId }) => contactId);
    return {
      ...countOutcomes(contents, records),
      read: snapshots.length,
      deleted: await this.contacts.countAddressesOfMissing(accountId, { ...range, seen }),
    };
  }
}

/** Counts each address once, for the first contact that has it. */
function countOutcomes(contents: readonly ContactContent[], records: ReadonlyMap<string, AddressRecord>): Record<ExpectedOutcome, number> {
  const counts = { created: 0, updated: 0, rejected: 0, unchanged: 0 };
  const counted = new Set<string>();
  for (const content of contents) {
    for (const address of content.addresses) {
      if (counted.has(address.email)) continue;
      counted.add(address.email);
      counts[expectOutcome(address, content, records.get(address.email))] += 1;
    }
  }
  return counts;
}

const negate = ({ read, created, updated, deleted, rejected, unchanged }: RunCounts): RunCounts => ({
  read: -read,
  created: -created,
  updated: -updated,
  deleted: -deleted,
  rejected: -rejected,
  unchanged: -unchanged,
});
