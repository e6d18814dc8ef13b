import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { AccountStore, AddressStore } from '#database';
import { Clock, type Secret, TransientError } from '#domain';
import { UnisenderClient, UnisenderRejectedError, type UnisenderTask } from '#unisender';
import { type AccountWork, throwIfStopping } from './account-work.js';

const MAX_WAIT_MS = 30 * 60_000;
const REPLACEMENT_INTERVAL_MS = 3_600_000;
/** So many tasks in succession that are completed without a file show an empty Unisender account. */
const EMPTY_TASKS = 2;

/** A requested export. */
export interface RequestedExport {
  readonly taskId: string;
  /** Requests the same export again, and stores the id of its task. */
  readonly requestAgain: () => Promise<string>;
}

/** The end of one task: its file, without a file although completed, or of no use. */
type TaskEnd = { readonly kind: 'file'; readonly url: string } | { readonly kind: 'no_file' | 'unknown' };

/** Waits for the files of exports, and replaces tasks without a result. */
@Injectable()
export class ExportTasks {
  constructor(
    private readonly unisender: UnisenderClient,
    private readonly accounts: AccountStore,
    private readonly addresses: AddressStore,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /**
   * Waits for the file of the export, up to 30 minutes for each task. Returns its URL; undefined when Unisender has no contacts. A task
   * without a result is replaced: once at once, then once an hour. Throws TransientError `unisender_export_failed` until the next
   * replacement, and `unisender_export_unusable` when an account to which we pushed addresses seems empty.
   */
  async waitForFile(work: AccountWork, key: Secret, { taskId, requestAgain }: RequestedExport): Promise<string | undefined> {
    const { accountId } = work.lease;
    let emptyTasks = 0;
    for (let current = taskId; ; current = await this.replace(accountId, requestAgain)) {
      const end = await this.waitForEnd(work, key, current);
      if (end.kind === 'file') {
        await this.accounts.update(accountId, { exportReplacements: 0 });
        return end.url;
      }
      emptyTasks = end.kind === 'no_file' ? emptyTasks + 1 : 0;
      if (emptyTasks === EMPTY_TASKS) return this.believeEmpty(accountId);
    }
  }

  private async believeEmpty(accountId: number): Promise<undefined> {
    await this.accounts.update(accountId, { exportReplacements: 0 });
    if (!(await this.addresses.hasPushed(accountId))) return undefined;
    throw new TransientError('Unisender exports nothing although addresses were pushed', { code: 'unisender_export_unusable' });
  }

  /** Returns the id of a new task. Throws when the last replacement is less than an hour old. */
  private async replace(accountId: number, requestAgain: () => Promise<string>): Promise<string> {
    const account = await this.accounts.find(accountId);
    const nowMs = this.clock.nowMs();
    const allowedAtMs = (account?.exportReplacements ?? 0) === 0 ? nowMs : (account?.exportReplacedAt ?? 0) + REPLACEMENT_INTERVAL_MS;
    if (allowedAtMs > nowMs) {
      const retryAfterMs = allowedAtMs - nowMs;
      throw new TransientError('Unisender did not finish its export', { code: 'unisender_export_failed', retryAfterMs });
    }
    const taskId = await requestAgain();
    await this.accounts.update(accountId, { exportReplacements: (account?.exportReplacements ?? 0) + 1, exportReplacedAt: nowMs });
    return taskId;
  }

  private async waitForEnd(work: AccountWork, key: Secret, taskId: string): Promise<TaskEnd> {
    const giveUpAt = this.clock.nowMs() + MAX_WAIT_MS;
    while (this.clock.nowMs() < giveUpAt) {
      const { status, fileUrl } = await this.getTask(key, taskId);
      if (fileUrl !== undefined) return { kind: 'file', url: fileUrl };
      if (status === 'completed') return { kind: 'no_file' };
      if (status !== 'new' && status !== 'processing') return { kind: 'unknown' };
      await this.clock.sleep(this.config.unisenderExportPollMs, work.signal).catch(() => throwIfStopping(work.signal));
      work.lease.assertHeld();
    }
    return { kind: 'unknown' };
  }

  /** A task that Unisender no longer knows has ended without a file. */
  private async getTask(key: Secret, taskId: string): Promise<Pick<UnisenderTask, 'status' | 'fileUrl'>> {
    try {
      return await this.unisender.getTask(key, taskId);
    } catch (error) {
      if (error instanceof UnisenderRejectedError) return { status: 'forgotten', fileUrl: undefined };
      throw error;
    }
  }
}
