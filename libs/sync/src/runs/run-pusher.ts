import { Injectable } from '@nestjs/common';
import { AddressStore, type RunCounts } from '#database';
import { Logger, MAX_ROWS_PER_CALL } from '#domain';
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

/** So many pages are written into the mirror while a push runs: enough for the rows of the next call. */
const MAX_PAGES_AHEAD = 2;

/** Pushes the pages of a run's read in the background, one push at a time. Live events are applied between two pushes. */
export class PagePushes {
  private pages: UnpushedPage[] = [];
  private isRunning = false;
  /** The pages that the last push left, or undefined when it found the run ended. */
  private left: Promise<readonly UnpushedPage[] | undefined> = Promise.resolve([]);

  constructor(
    private readonly pusher: RunPusher,
    private readonly step: RunStep,
  ) {}

  /**
   * Adds a page that is in the mirror. Returns at once while a push runs, unless too many pages wait for it. Returns false when the run has
   * ended. Throws what a push has thrown.
   */
  async add(page: UnpushedPage): Promise<boolean> {
    this.pages.push(page);
    if (this.isRunning && this.pages.length < MAX_PAGES_AHEAD) return true;
    if (!(await this.takeLeft())) return false;
    await this.pusher.applyEvents(this.step.work);
    this.left = ignoreRejectionUntilAwaited(this.push(this.pages.splice(0)));
    return true;
  }

  /** Pushes every row that is left, also those of this last page. Returns false when the run has ended. */
  async pushAll(page: UnpushedPage): Promise<boolean> {
    this.pages.push(page);
    return (await this.takeLeft()) && (await this.pusher.push(this.step, 0, this.pages)) !== undefined;
  }

  /** Resolves when no push runs, with what the last one has thrown. Call it before the work ends. */
  async waitForEnd(): Promise<unknown> {
    return this.left.then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  private async push(pages: readonly UnpushedPage[]): Promise<readonly UnpushedPage[] | undefined> {
    this.isRunning = true;
    return this.pusher.push(this.step, MAX_ROWS_PER_CALL - 1, pages).finally(() => {
      this.isRunning = false;
    });
  }

  /** Puts the pages that the last push left before the others. */
  private async takeLeft(): Promise<boolean> {
    const left = await this.left;
    if (!left) return false;
    this.pages.unshift(...left);
    this.left = Promise.resolve([]);
    return true;
  }
}

/** Keeps a failure that happens before the promise is awaited from ending the process. */
export function ignoreRejectionUntilAwaited<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}
