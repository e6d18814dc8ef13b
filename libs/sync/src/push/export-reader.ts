import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { AccountStore, AddressStore, type ExportedAddress } from '#database';
import { Clock, type Secret, TransientError, consentOfExport, parseAddress } from '#domain';
import { type ExportRow, UnisenderClient, UnisenderRejectedError, type UnisenderTask } from '#unisender';
import { type AccountWork, throwIfStopping } from './account-work.js';

const EXPORT_FIELDS = ['email', 'email_status', 'email_list_ids', 'email_unsubscribed_list_ids'];
const BATCH_ROWS = 500;
const MAX_WAIT_MS = 30 * 60_000;

/** Stores the id of a running export, so that the same export is used after a restart. */
export interface ExportTask {
  /** The export that is running; null to request one. */
  readonly taskId: string | null;
  /** A time before the running export was requested, epoch milliseconds. */
  readonly sinceMs: number;
  /** Stores the id of the running export; null when it has ended. */
  save(taskId: string | null): Promise<void>;
}

const splitIds = (text: string | undefined) => (text ?? '').split(',').map((id) => Number(id.trim()));

const toExported = (row: ExportRow, email: string, listId: number): ExportedAddress => ({
  email,
  consent: consentOfExport({ status: row['email_status'], unsubscribedListIds: splitIds(row['email_unsubscribed_list_ids']) }, listId),
  onOurList: splitIds(row['email_list_ids']).includes(listId),
});

/** Stores what the Unisender account has: preexisting addresses, mailing consents and the addresses on our list. */
@Injectable()
export class ExportReader {
  constructor(
    private readonly unisender: UnisenderClient,
    private readonly addresses: AddressStore,
    private readonly accounts: AccountStore,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /**
   * Requests an export, waits for it (up to 30 minutes) and stores every row. Pushed addresses that are not in it become dirty.
   * Throws TransientError `unisender_export_failed` when there is no export in time.
   */
  async requestAndStore(work: AccountWork, key: Secret, listId: number, task: ExportTask): Promise<void> {
    const askedAt = task.taskId === null ? this.clock.nowMs() : task.sinceMs;
    const taskId = task.taskId ?? (await this.unisender.requestExport(key, { fieldNames: EXPORT_FIELDS }));
    await task.save(taskId);
    const url = await this.waitForFile(work, key, taskId, task);
    const { lease } = work;
    let batch: ExportedAddress[] = [];
    const storeBatch = async () => {
      throwIfStopping(work.signal);
      lease.assertHeld();
      await lease.write(() => this.addresses.saveExported(lease.accountId, batch, askedAt));
      batch = [];
    };
    for await (const row of this.readFile(url, task)) {
      const { email, invalidReason } = parseAddress(row['email'] ?? '');
      if (invalidReason === 'empty') continue;
      batch.push(toExported(row, email, listId));
      if (batch.length === BATCH_ROWS) await storeBatch();
    }
    await storeBatch();
    await lease.write(async () => {
      await this.addresses.markUnseenDirty(lease.accountId, askedAt);
      await this.accounts.update(lease.accountId, { baselineState: 'done' });
    });
    await task.save(null);
  }

  /** Forgets the export when its file cannot be read, because the file may be deleted. The next attempt requests another one. */
  private async *readFile(url: string, task: ExportTask): AsyncGenerator<ExportRow> {
    try {
      yield* this.unisender.readExport(url);
    } catch (error) {
      await task.save(null);
      throw error;
    }
  }

  private async waitForFile(work: AccountWork, key: Secret, taskId: string, task: ExportTask): Promise<string> {
    const giveUpAt = this.clock.nowMs() + MAX_WAIT_MS;
    while (this.clock.nowMs() < giveUpAt) {
      const { status, fileUrl } = await this.getTask(key, taskId);
      if (fileUrl !== undefined) return fileUrl;
      if (status !== 'new' && status !== 'processing') break;
      await this.clock.sleep(this.config.unisenderExportPollMs, work.signal).catch(() => throwIfStopping(work.signal));
      work.lease.assertHeld();
    }
    await task.save(null);
    throw new TransientError('Unisender did not finish its export', { code: 'unisender_export_failed', retryAfterMs: 60_000 });
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
