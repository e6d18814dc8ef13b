import type { Secret } from '#domain';
import type { SyncContext } from '../context.js';
import type { AccountWork } from './account-work.js';
import type { ExportReader, ExportTask } from './export-reader.js';
import type { EnsuredList, ListKeeper } from './list-keeper.js';

const forgottenTask: ExportTask = { taskId: null, sinceMs: 0, save: async () => {} };

/** What must stand before anything is told: the account's list, its fields, and the knowledge of what was in Unisender before. */
export class Preparation {
  /** List ids found ready by this process, with the work they were found for: one look per piece of work, not per call. */
  private readonly ready = new WeakMap<AccountWork, number>();

  constructor(
    private readonly context: SyncContext,
    private readonly lists: ListKeeper,
    private readonly exports: ExportReader,
  ) {}

  /**
   * The list to tell to. Looks at Unisender only when the account was never prepared, or when `look` is set: at the start
   * of a run. `task` keeps a running export over restarts.
   */
  async ensureReady(
    work: AccountWork,
    key: Secret,
    options: { look?: boolean; relearn?: boolean; task?: ExportTask } = {},
  ): Promise<number> {
    const known = this.ready.get(work);
    if (known !== undefined) return known;
    const { listId, isPreexisting } = await this.findList(work, key, options.look ?? false);
    if (work.account.baselineState !== 'done' || isPreexisting || options.relearn) {
      await this.exports.learn(work, key, listId, options.task ?? forgottenTask);
    }
    this.ready.set(work, listId);
    return listId;
  }

  /** Looks whether the lists are still there; true when telling can go on, to another list or without one that addresses were to leave. */
  async replaceLostLists(work: AccountWork, key: Secret, lostId: number): Promise<boolean> {
    const { listId } = await this.lists.ensureList(work, key);
    this.ready.set(work, listId);
    return (await this.lists.forgetLostLists(work, key)) || listId !== lostId;
  }

  private async findList(work: AccountWork, key: Secret, look: boolean): Promise<EnsuredList> {
    const { listId, baselineState } = work.account;
    if (!look && listId !== null && baselineState === 'done') return { listId, isPreexisting: false };
    const ensured = await this.lists.ensureList(work, key);
    await this.lists.ensureFields(work, key);
    return ensured;
  }
}
