import type { Run, RunCounts } from '#database';
import {
  type AddressRecord,
  type ContactContent,
  type ContactSnapshot,
  type ExpectedOutcome,
  expectOutcome,
  toContactContent,
} from '#domain';
import { KOMMO_PAGE_LIMIT } from '#kommo';
import { type AccountWork, throwIfStopping } from '../push/account-work.js';
import type { SyncContext } from '../context.js';
import type { TokenService } from '../tokens/token-service.js';
import type { StepOutcome } from './run-phase.js';
import type { RunProgress } from './run-progress.js';

/** Counts what an import would do, and changes nothing anywhere. */
export class Preview {
  constructor(
    private readonly context: SyncContext,
    private readonly tokens: TokenService,
    private readonly progress: RunProgress,
  ) {}

  /** Reads every page from the first: a preview that was cut off begins anew, as nothing depends on it. */
  async count(run: Run, work: AccountWork): Promise<StepOutcome> {
    await this.progress.save(run.runId, { page: 0 }, negated(run));
    let after = 0;
    for (let page = 1; ; page += 1) {
      throwIfStopping(work.signal);
      work.lease.assertHeld();
      const { contacts, hasNext } = await this.tokens.withSession(run.accountId, (session) =>
        this.context.kommo.listContacts(session, { page, limit: KOMMO_PAGE_LIMIT, orderById: true }),
      );
      const last = contacts.reduce((highest, { contactId }) => Math.max(highest, contactId), after);
      const counts = await this.countPage(work, contacts, { after, upTo: hasNext ? last : null });
      if (!(await this.progress.save(run.runId, { page }, counts))) return 'ended';
      if (!hasNext) return this.complete(run);
      after = last;
    }
  }

  private async complete({ runId }: Run): Promise<StepOutcome> {
    await this.context.stores.runs.transition(runId, 'completed');
    return 'settled';
  }

  private async countPage(
    work: AccountWork,
    snapshots: readonly ContactSnapshot[],
    range: { readonly after: number; readonly upTo: number | null },
  ): Promise<RunCounts> {
    const { stores } = this.context;
    const { accountId } = work.lease;
    const living = snapshots.filter(({ isDeleted }) => !isDeleted);
    const contents = living.map((snapshot) => toContactContent(snapshot, work.settings));
    const emails = contents.flatMap(({ addresses }) => addresses.map(({ email }) => email));
    const records = await stores.addresses.listRecords(accountId, emails);
    const seen = living.map(({ contactId }) => contactId);
    const counts = { created: 0, updated: 0, rejected: 0, unchanged: 0 };
    const met = new Set<string>();
    for (const content of contents) this.countContent(content, { records, met }, counts);
    return {
      ...counts,
      read: snapshots.length,
      deleted: await stores.contacts.countAddressesOfMissing(accountId, { ...range, seen }),
    };
  }

  private countContent(
    content: ContactContent,
    { records, met }: { records: ReadonlyMap<string, AddressRecord>; met: Set<string> },
    counts: Record<ExpectedOutcome, number>,
  ): void {
    for (const address of content.addresses) {
      if (met.has(address.email)) continue;
      met.add(address.email);
      counts[expectOutcome(address, content, records.get(address.email))] += 1;
    }
  }
}

const negated = ({ read, created, updated, deleted, rejected, unchanged }: RunCounts): RunCounts => ({
  read: -read,
  created: -created,
  updated: -updated,
  deleted: -deleted,
  rejected: -rejected,
  unchanged: -unchanged,
});
