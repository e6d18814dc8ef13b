import { Injectable } from '@nestjs/common';
import {
  AccountListStore,
  AccountStore,
  AddressStore,
  Database,
  type DirtyAddress,
  type ExportedAddress,
  MailingConsentStore,
} from '#database';
import {
  CLOCK_TOLERANCE_MS,
  Clock,
  type OurLists,
  type Secret,
  TransientError,
  hasErrorCode,
  isRefusal,
  parseAddress,
  showsValues,
  toPositiveInteger,
  viewOfExport,
} from '#domain';
import { type ExportRow, UnisenderClient, UnisenderRejectedError, toEpochMs } from '#unisender';
import { ExportTasks } from './export-tasks.js';
import { type AccountWork, throwIfStopping } from './account-work.js';
import { valuesOf } from './push-plan.js';

/** The columns that decide on consents and on the origin of addresses. */
const EXPORT_FIELDS = ['email', 'email_status', 'email_list_ids', 'email_unsubscribed_list_ids', 'email_add_time'];
const BATCH_ROWS = 500;

/** Stores the id of a running export, so that the same export is used after a restart. */
export interface ExportTask {
  /** The export that is running; null to request one. */
  readonly taskId: string | null;
  /** A time before the running export was requested, epoch milliseconds. */
  readonly sinceMs: number;
  /** Stores the id of the running export; null when it has ended. */
  save(taskId: string | null): Promise<void>;
}

/** An export that is requested anew after a restart. */
export const unsavedTask: ExportTask = { taskId: null, sinceMs: 0, save: async () => {} };

/** More lists than an address is on. */
const MAX_LISTS = 10_000;

/** The ids of a cell; an empty cell has none. */
const splitIds = (text: string | undefined): number[] =>
  (text ?? '').split(',', MAX_LISTS).flatMap((id) => toPositiveInteger(id.trim()) ?? []);

function toExported(row: ExportRow, email: string, ours: OurLists, askedAtMs: number): ExportedAddress {
  const [listIds, leftListIds] = [splitIds(row['email_list_ids']), splitIds(row['email_unsubscribed_list_ids'])];
  return {
    email,
    view: viewOfExport({ status: row['email_status'], listIds, leftListIds }, ours, askedAtMs),
    isOnOurList: ours.presentId !== null && listIds.includes(ours.presentId),
    isOnOtherLists: [...listIds, ...leftListIds].some((id) => !ours.allIds.includes(id)),
    addedAt: toEpochMs(row['email_add_time']) ?? null,
    values: row,
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
      await this.markDifferent(accountId, rows, askedAtMs);
    });
  }

  /**
   * Marks addresses on our list dirty whose values differ from what was pushed, and those that we pushed once and that no contact holds.
   * A difference that an accepted push did not remove is pushed once more and then only recorded. One that it removed is forgotten: a
   * later difference is another one.
   */
  private async markDifferent(accountId: number, rows: readonly ExportedAddress[], askedAtMs: number): Promise<void> {
    const onList = new Map(rows.filter(({ isOnOurList }) => isOnOurList).map(({ email, values }) => [email, values]));
    const records = await this.addresses.listWithHolders(accountId, [...onList.keys()]);
    const settled = records.filter((record) => isSettledBefore(record, askedAtMs));
    const ghosts = settled.filter(({ holder, isManual }) => !holder && !isManual);
    const different = settled.filter((record) => isDifferent(record, onList.get(record.email) ?? {}));
    const fresh = different.filter(({ pushedHash, differenceHash }) => pushedHash !== differenceHash);
    const removed = settled.filter((record) => record.differenceHash !== null && !different.includes(record));
    await this.addresses.markGhosts(accountId, emailsOf(ghosts));
    await this.addresses.markDifferent(accountId, emailsOf(fresh));
    await this.addresses.forgetDifferences(accountId, emailsOf(removed));
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

const emailsOf = (records: readonly DirtyAddress[]): string[] => records.map(({ email }) => email);

/** Whether nothing was pushed for the address since the export was requested, and nothing waits. */
const isSettledBefore = ({ consent, dirtySince, lastSentAt, removal, updatedAt, verifyAt }: DirtyAddress, askedAtMs: number): boolean =>
  consent === 'mailable' && dirtySince === null && removal === null && verifyAt === null && lastSentAt !== null && updatedAt < askedAtMs;

/** Whether the row shows other values than the accepted push. An address that the export shows with the same values has none. */
function isDifferent({ holder, state, pushedHash, writtenFields }: DirtyAddress, shown: Readonly<Record<string, string>>): boolean {
  if (!holder || state !== 'present' || pushedHash === null) return false;
  const values = Object.entries(valuesOf(holder)).filter(([name]) => Object.hasOwn(shown, name));
  return !showsValues(Object.fromEntries(values), writtenFields ?? [], shown);
}

/** Stores what the Unisender account has: preexisting addresses, mailing consents and the addresses on our list. */
@Injectable()
export class ExportReader {
  constructor(
    private readonly unisender: UnisenderClient,
    private readonly shown: ShownAddresses,
    private readonly tasks: ExportTasks,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Requests an export, waits for it (up to 30 minutes) and learns from every row. Pushed addresses that are not in it become dirty.
   * Returns when it was requested, epoch milliseconds. An export that was requested before the list was chosen is not used. Throws
   * TransientError `unisender_export_failed` when there is no export in time, and `unisender_export_unusable` when its file is no list
   * of contacts.
   */
  async requestAndStore(work: AccountWork, key: Secret, task: ExportTask): Promise<number> {
    const running = task.sinceMs >= work.account.listDecidedAt ? task.taskId : null;
    const askedAtMs = running === null ? this.clock.nowMs() : task.sinceMs;
    // `sinceMs` comes from the clock of a process.
    const consentAskedAtMs = running === null ? await this.database.nowMs() : task.sinceMs - CLOCK_TOLERANCE_MS;
    const taskId = running ?? (await this.request(work, key));
    await task.save(taskId);
    const url = await this.tasks.waitForFile(work, key, {
      taskId,
      requestAgain: async () => {
        const newId = await this.request(work, key);
        await task.save(newId);
        return newId;
      },
    });
    const ours = await this.shown.findOurLists(work);
    let batch: ExportedAddress[] = [];
    const storeBatch = async () => {
      throwIfStopping(work.signal);
      work.lease.assertHeld();
      await this.shown.save(work, batch, askedAtMs);
      batch = [];
    };
    for await (const rows of url === undefined ? [] : this.readFile(url, task)) {
      for (const row of rows) {
        const { email, invalidReason } = parseAddress(row['email'] ?? '');
        if (invalidReason !== 'empty') batch.push(toExported(row, email, ours, consentAskedAtMs));
        if (batch.length === BATCH_ROWS) await storeBatch();
      }
    }
    await storeBatch();
    await this.shown.finish(work, askedAtMs);
    await task.save(null);
    return askedAtMs;
  }

  /** Requests an export of another Unisender account than the present one and yields its consents. Throws like {@link requestAndStore}. */
  async *readViews(work: AccountWork, key: Secret, ours: OurLists): AsyncGenerator<ExportedAddress> {
    const askedAtMs = await this.database.nowMs();
    const requestAgain = () => this.unisender.requestExport(key, { fieldNames: EXPORT_FIELDS });
    const url = await this.tasks.waitForFile(work, key, { taskId: await requestAgain(), requestAgain });
    for await (const rows of url === undefined ? [] : this.readFile(url, unsavedTask)) {
      for (const row of rows) {
        const { email, invalidReason } = parseAddress(row['email'] ?? '');
        if (invalidReason === null) yield toExported(row, email, ours, askedAtMs);
      }
    }
  }

  /** Asks for the values of our fields too. When Unisender refuses that, one of the fields does not exist. */
  private async request({ settings }: AccountWork, key: Secret): Promise<string> {
    const valueFields = [...new Set(['Name', ...Object.values(settings.fields)])];
    try {
      return await this.unisender.requestExport(key, { fieldNames: [...EXPORT_FIELDS, ...valueFields] });
    } catch (error) {
      if (!(error instanceof UnisenderRejectedError)) throw error;
      return this.unisender.requestExport(key, { fieldNames: EXPORT_FIELDS });
    }
  }

  /** Forgets the export when its file cannot be read, because the file may be deleted. The next attempt requests another one. */
  private async *readFile(url: string, task: ExportTask): AsyncGenerator<readonly ExportRow[]> {
    let rowCount = 0;
    try {
      for await (const rows of this.unisender.readExport(url)) {
        rowCount += rows.length;
        yield rows;
      }
    } catch (error) {
      await task.save(null);
      if (rowCount === 0 || !hasErrorCode(error, 'unisender_unavailable')) throw error;
      throw new TransientError('The export of Unisender ends early', { code: 'unisender_export_unusable', cause: error });
    }
  }
}
