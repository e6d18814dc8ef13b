import { Injectable } from '@nestjs/common';
import { AddressStore, type RunCounts } from '#database';
import { Logger } from '#domain';
import { EventApplier } from '../intake/event-applier.js';
import type { AccountWork } from '../push/account-work.js';
import { AddressPusher } from '../push/address-pusher.js';
import { RunProgress, type RunStep } from './run-progress.js';

/** A page that is in the mirror and whose rows are not all pushed yet. */
export interface UnpushedPage {
  readonly page: number;
  readonly lastId: number;
  /** When its rows became dirty, epoch milliseconds. Different for every page. */
  readonly stampMs: number;
  readonly counts: Pick<RunCounts, 'read' | 'unchanged' | 'rejected'>;
}

/** Pushes what a run has written into the mirror, and applies live events between its steps. */
@Injectable()
export class RunPusher {
  constructor(
    private readonly addresses: AddressStore,
    private readonly pusher: AddressPusher,
    private readonly events: EventApplier,
    private readonly progress: RunProgress,
    private readonly logger: Logger,
  ) {}

  /**
   * Pushes until at most `maxDirtyRows` rows are left, then saves a checkpoint at the last page whose rows are all pushed.
   * Returns the pages whose rows are not, or undefined when the run has ended.
   */
  async push(
    { run, work, key }: RunStep,
    maxDirtyRows: number,
    pages: readonly UnpushedPage[] = [],
  ): Promise<readonly UnpushedPage[] | undefined> {
    let backlog = await this.addresses.findBacklog(run.accountId);
    while (backlog.rows > maxDirtyRows) {
      await this.pusher.push(work, key, this.progress.counter(run));
      if (!(await this.progress.isRunning(run.runId))) return undefined;
      backlog = await this.addresses.findBacklog(run.accountId);
    }
    const oldestMs = backlog.oldestSince ?? Number.POSITIVE_INFINITY;
    const pushed = pages.filter(({ stampMs }) => stampMs < oldestMs);
    const last = pushed.at(-1);
    if (!last) return pages;
    const checkpoint = { page: last.page, cursorContactId: last.lastId, error: null };
    const isSaved = await this.progress.save(run.runId, checkpoint, sumCounts(pushed));
    return isSaved ? pages.slice(pushed.length) : undefined;
  }

  /**
   * Applies the waiting events; the next push includes their contacts. Contacts that Kommo does not return now are left to the
   * account's own job. Returns the number of events.
   */
  async applyEvents(work: AccountWork): Promise<number> {
    const { count, failure } = await this.events.applyWaiting(work);
    if (failure !== undefined) this.logger.warn('contacts could not be read again during a run', { error: failure });
    return count;
  }
}

const sumCounts = (pages: readonly UnpushedPage[]): UnpushedPage['counts'] => ({
  read: pages.reduce((sum, { counts }) => sum + counts.read, 0),
  unchanged: pages.reduce((sum, { counts }) => sum + counts.unchanged, 0),
  rejected: pages.reduce((sum, { counts }) => sum + counts.rejected, 0),
});
