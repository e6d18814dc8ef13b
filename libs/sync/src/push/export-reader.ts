import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { AccountListStore, AccountStore, AddressStore, type ExportedAddress, MailingConsentStore } from '#database';
import { Clock, type OurLists, type Secret, TransientError, isRefusal, parseAddress, toPositiveInteger, viewOfExport } from '#domain';
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

/** The ids of a cell; an empty cell has none. */
const splitIds = (text: string | undefined): number[] => (text ?? '').split(',').flatMap((id) => toPositiveInteger(id.trim()) ?? []);

function toExported(row: ExportRow, email: string, ours: OurLists, askedAtMs: number): ExportedAddress {
  const [listIds, leftListIds] = [splitIds(row['email_list_ids']), splitIds(row['email_unsubscribed_list_ids'])];
  return {
    email,
    view: viewOfExport({ status: row['email_status'], listIds, leftListIds }, ours, askedAtMs),
    isOnOurList: ours.presentId !== null && listIds.includes(ours.presentId),
    isOnOtherLists: [...listIds, ...leftListIds].some((id) => !ours.allIds.includes(id)),
  };
}

/** Stores what an export shows of each address. */
@Injectable()
export class ShownAddresses {
  constructor(
    private readonly addresses: AddressStore,
    private readonly accounts: AccountStore,
    private readonly accountLists: AccountListStore,
    private readonly consents: MailingConsentStore,
  ) {}

  /** Returns the lists that are or were ours in the present Unisender account. */
  async findOurLists({ account }: AccountWork): Promise<OurLists> {
    return this.accountLists.findOurLists(account);
  }

  /** Stores rows of an export that was requested at `askedAtMs`, and learns from those that refuse or are known as refused. */
  async save({ lease }: AccountWork, rows: readonly ExportedAddress[], askedAtMs: number): Promise<void> {
    const { accountId } = lease;
    const emails = rows.map(({ email }) => email);
    await lease.write(async () => {
      const known = new Set(await this.consents.listUnmailable(accountId, emails));
      const views = rows.filter(({ email, view }) => known.has(email) || isRefusal(view)).map(({ email, view }) => [email, view] as const);
      await this.addresses.saveExported(accountId, rows, askedAtMs);
      await this.consents.learn(accountId, new Map(views));
    });
  }

  /** Ends the reading of a complete export: pushed addresses that it did not show become dirty. */
  async finish({ lease, account }: AccountWork, askedAtMs: number): Promise<void> {
    await lease.write(async () => {
      await this.addresses.markUnseenDirty(lease.accountId, askedAtMs);
      await this.accounts.update(lease.accountId, { baselineState: 'done' });
    });
    account.baselineState = 'done';
  }
}

/** Stores what the Unisender account has: preexisting addresses, mailing consents and the addresses on our list. */
@Injectable()
export class ExportReader {
  constructor(
    private readonly unisender: UnisenderClient,
    private readonly shown: ShownAddresses,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /**
   * Requests an export, waits for it (up to 30 minutes) and learns from every row. Pushed addresses that are not in it become dirty.
   * An export that was requested before the list was chosen is not used. Throws TransientError `unisender_export_failed` when there is
   * no export in time.
   */
  async requestAndStore(work: AccountWork, key: Secret, task: ExportTask): Promise<void> {
    const running = task.sinceMs >= work.account.listDecidedAt ? task.taskId : null;
    const askedAtMs = running === null ? this.clock.nowMs() : task.sinceMs;
    const taskId = running ?? (await this.unisender.requestExport(key, { fieldNames: EXPORT_FIELDS }));
    await task.save(taskId);
    const url = await this.waitForFile(work, key, taskId, task);
    const ours = await this.shown.findOurLists(work);
    let batch: ExportedAddress[] = [];
    const storeBatch = async () => {
      throwIfStopping(work.signal);
      work.lease.assertHeld();
      await this.shown.save(work, batch, askedAtMs);
      batch = [];
    };
    for await (const row of this.readFile(url, task)) {
      const { email, invalidReason } = parseAddress(row['email'] ?? '');
      if (invalidReason === 'empty') continue;
      batch.push(toExported(row, email, ours, askedAtMs));
      if (batch.length === BATCH_ROWS) await storeBatch();
    }
    await storeBatch();
    await this.shown.finish(work, askedAtMs);
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
