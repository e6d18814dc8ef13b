import type { ExportedAddress } from '#database';
import { type Secret, TransientError, parseAddress, consentOfExport } from '#domain';
import { type ExportRow, UnisenderRejectedError, type UnisenderTask } from '#unisender';
import type { SyncContext } from '../context.js';
import { type AccountWork, throwIfStopping } from './account-work.js';

const EXPORT_FIELDS = ['email', 'email_status', 'email_list_ids', 'email_unsubscribed_list_ids'];
const BATCH_ROWS = 500;
const MAX_WAIT_MS = 30 * 60_000;

/** Where the id of the running export is kept, so that a restart goes on waiting for the same one. */
export interface ExportTask {
  readonly taskId: string | null;
  /** Not later than a running one was asked for, epoch ms. */
  readonly sinceMs: number;
  save(taskId: string | null): Promise<void>;
}

const splitIds = (text: string | undefined) => (text ?? '').split(',').map((id) => Number(id.trim()));

const toExported = (row: ExportRow, email: string, listId: number): ExportedAddress => ({
  email,
  consent: consentOfExport({ status: row['email_status'], unsubscribedListIds: splitIds(row['email_unsubscribed_list_ids']) }, listId),
  onOurList: splitIds(row['email_list_ids']).includes(listId),
});

/** Learns by one export what stands in the Unisender account: what was there before us, who is unsubscribed, what is on our list. */
export class ExportReader {
  constructor(private readonly context: SyncContext) {}

  /** Asks for an export, waits, and takes every row into the mirror. Addresses that we told and it does not show are told again. */
  async learn(work: AccountWork, key: Secret, listId: number, task: ExportTask): Promise<void> {
    const { unisender, stores, clock } = this.context;
    const askedAt = task.taskId === null ? clock.nowMs() : task.sinceMs;
    const taskId = task.taskId ?? (await unisender.requestExport(key, { fieldNames: EXPORT_FIELDS }));
    await task.save(taskId);
    const url = await this.waitForFile(work, key, taskId, task);
    let batch: ExportedAddress[] = [];
    const flush = async () => {
      throwIfStopping(work.signal);
      work.lease.assertHeld();
      await work.lease.write(() => stores.addresses.saveExported(work.lease.accountId, batch, askedAt));
      batch = [];
    };
    for await (const row of this.readFile(url, task)) {
      const { email, invalidReason } = parseAddress(row['email'] ?? '');
      if (invalidReason === 'empty') continue;
      batch.push(toExported(row, email, listId));
      if (batch.length === BATCH_ROWS) await flush();
    }
    await flush();
    await work.lease.write(async () => {
      await stores.addresses.markUnseenDirty(work.lease.accountId, askedAt);
      await stores.accounts.update(work.lease.accountId, { baselineState: 'done' });
    });
    await task.save(null);
  }

  /** A file that cannot be read may be isDeleted: another attempt asks for another. */
  private async *readFile(url: string, task: ExportTask): AsyncGenerator<ExportRow> {
    try {
      yield* this.context.unisender.readExport(url);
    } catch (error) {
      await task.save(null);
      throw error;
    }
  }

  private async waitForFile(work: AccountWork, key: Secret, taskId: string, task: ExportTask): Promise<string> {
    const { clock, config } = this.context;
    const giveUpAt = clock.nowMs() + MAX_WAIT_MS;
    while (clock.nowMs() < giveUpAt) {
      const { status, fileUrl } = await this.look(key, taskId);
      if (fileUrl !== undefined) return fileUrl;
      if (status !== 'new' && status !== 'processing') break;
      await clock.sleep(config.unisenderExportPollMs, work.signal).catch(() => throwIfStopping(work.signal));
      work.lease.assertHeld();
    }
    await task.save(null);
    throw new TransientError('Unisender did not finish its export', { code: 'unisender_export_failed', retryAfterMs: 60_000 });
  }

  /** A task that Unisender does not know any more has ended without a file. */
  private async look(key: Secret, taskId: string): Promise<Pick<UnisenderTask, 'status' | 'fileUrl'>> {
    try {
      return await this.context.unisender.getTask(key, taskId);
    } catch (error) {
      if (error instanceof UnisenderRejectedError) return { status: 'forgotten', fileUrl: undefined };
      throw error;
    }
  }
}
