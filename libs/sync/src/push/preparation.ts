import { Injectable } from '@nestjs/common';
import { EventStore, MailingConsentStore, PushedAddressStore } from '#database';
import { Logger, type Secret } from '#domain';
import { UnisenderMethodDeniedError } from '#unisender';
import { RequestedJobs } from './account-lease.js';
import type { AccountWork } from './account-work.js';
import { ExportReader, type ExportTask, unsavedTask } from './export-reader.js';
import { FormerUnisenderAccount } from './former-unisender-account.js';
import { type EnsuredList, ListKeeper } from './list-keeper.js';

/** Lets what vendors refused be tried again. */
@Injectable()
export class ParkedRetries {
  constructor(
    private readonly pushed: PushedAddressStore,
    private readonly consents: MailingConsentStore,
    private readonly events: EventStore,
    private readonly jobs: RequestedJobs,
  ) {}

  /**
   * Enqueues the write-backs that an export taught. `isAll`: also tries again parked addresses, and tags and contacts that Kommo
   * refused.
   */
  async retry({ lease }: AccountWork, isAll: boolean): Promise<void> {
    if (isAll) {
      await lease.write(async () => {
        await this.pushed.retryAll(lease.accountId);
        await this.consents.retryWriteBacks(lease.accountId);
        await this.events.retryRefused(lease.accountId);
      });
    }
    await this.jobs.enqueueWriteBacks(lease.accountId);
  }
}

/** Prepares an account for pushes: its list, its fields, and the export that shows what Unisender had before. */
@Injectable()
export class Preparation {
  /** List ids that are ready, per piece of work: Unisender is asked once for each, not for each call. */
  private readonly ready = new WeakMap<AccountWork, number>();

  constructor(
    private readonly lists: ListKeeper,
    private readonly exports: ExportReader,
    private readonly retries: ParkedRetries,
    private readonly former: FormerUnisenderAccount,
    private readonly logger: Logger,
  ) {}

  /**
   * Returns the id of the list to push to. Calls Unisender only when the account was never prepared, or when `look` is set; may
   * wait for an export, and always for a new one when `relearn` is set. With `relearn`, parked addresses are
   * tried again; without access to exports it goes on with what is known. `task` keeps a running export over restarts.
   */
  async ensureReady(
    work: AccountWork,
    key: Secret,
    options: { look?: boolean; relearn?: boolean; task?: ExportTask } = {},
  ): Promise<number> {
    const known = this.ready.get(work);
    if (known !== undefined) return known;
    await this.former.learn(work);
    const { listId, isNew } = await this.ensureList(work, key, options.look ?? false);
    if (work.account.baselineState !== 'done' || isNew) await this.exports.requestAndStore(work, key, options.task ?? unsavedTask);
    else if (options.relearn) await this.relearn(work, key, options.task ?? unsavedTask);
    else return this.keepReady(work, listId);
    await this.retries.retry(work, options.relearn ?? false);
    return this.keepReady(work, listId);
  }

  /** An account that was prepared before goes on with what it knows while Unisender gives its key no access to exports. */
  private async relearn(work: AccountWork, key: Secret, task: ExportTask): Promise<void> {
    try {
      await this.exports.requestAndStore(work, key, task);
    } catch (error) {
      if (!(error instanceof UnisenderMethodDeniedError)) throw error;
      this.logger.warn('no access to exports; the run continues without one', { account_id: work.lease.accountId, error });
    }
  }

  private keepReady(work: AccountWork, listId: number): number {
    this.ready.set(work, listId);
    return listId;
  }

  /**
   * Replaces lists and fields that were deleted in Unisender. Returns true when something changed, so that the push can be repeated.
   * May wait for an export: a list that is created again is filled without those who had left it.
   */
  async replaceLost(work: AccountWork, key: Secret): Promise<boolean> {
    const { listId, isNew } = await this.lists.ensureList(work, key);
    if (isNew) await this.exports.requestAndStore(work, key, unsavedTask);
    this.ready.set(work, listId);
    const hasForgotten = await this.lists.forgetLostLists(work, key);
    return (await this.lists.ensureFields(work, key)) || hasForgotten || isNew;
  }

  private async ensureList(work: AccountWork, key: Secret, look: boolean): Promise<EnsuredList> {
    const { listId, baselineState } = work.account;
    if (!look && listId !== null && baselineState === 'done') return { listId, isNew: false };
    const ensured = await this.lists.ensureList(work, key);
    await this.lists.ensureFields(work, key);
    return ensured;
  }
}
