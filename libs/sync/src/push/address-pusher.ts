import type { DirtyAddress } from '#database';
import {
  type FoundAddress,
  MAX_ROWS_PER_CALL,
  type Secret,
  type PushedAddress,
  decideAddress,
  pushedByDelete,
  pushedByExclude,
  pushedByInspection,
  pushedByPut,
} from '#domain';
import type { UnisenderContact } from '#unisender';
import type { SyncContext } from '../context.js';
import { type AccountWork, throwIfStopping } from './account-work.js';
import { countsOf, originFrom, type Plan, type Planned, type PushCounts, toPlan, toRows } from './push-plan.js';

/** Counts in the transaction that records them, so that a crash never counts twice. */
export type CountPushed = (counts: PushCounts) => Promise<void>;

const noCounts: PushCounts = { created: 0, updated: 0, deleted: 0, rejected: 0, unchanged: 0 };

/** Tells Unisender the difference between what it was told and what the mirror says, in full calls. */
export class AddressPusher {
  constructor(private readonly context: SyncContext) {}

  /**
   * One round: at most one importContacts call of 500 rows, and some single calls. Returns false when nothing was dirty.
   * A crash at any point repeats the round; every call of it bears repetition.
   */
  async push(work: AccountWork, key: Secret, listId: number, count: CountPushed = async () => {}): Promise<boolean> {
    throwIfStopping(work.signal);
    const plan = await this.gather(work, count);
    if (!plan) return false;
    await this.inspect(work, key, listId, plan.inspects);
    await this.exclude(work, key, listId, plan, count);
    if (plan.puts.length + plan.deletes.length > 0) await this.importRows(work, key, listId, plan, count);
    work.lease.assertHeld();
    return true;
  }

  /** Up to 500 dirty addresses that need a call; those that need none are cleared on the way. */
  private async gather(work: AccountWork, count: CountPushed): Promise<Plan | undefined> {
    const { stores } = this.context;
    const { accountId } = work.lease;
    for (;;) {
      const dirty = await stores.addresses.listDirty(accountId, MAX_ROWS_PER_CALL);
      if (dirty.length === 0) return undefined;
      const planned = dirty.map((address) => ({ address, action: decideAddress(address, address.holder, work.settings.deletePolicy) }));
      const idle = planned.filter(({ action }) => action.kind === 'none').map(({ address }) => address);
      if (idle.length > 0) await this.clear(work, idle, count);
      const isFull = dirty.length === MAX_ROWS_PER_CALL;
      if (idle.length === 0 || !isFull) return toPlan(planned);
    }
  }

  private async clear(work: AccountWork, idle: readonly DirtyAddress[], count: CountPushed): Promise<void> {
    const unchanged = idle.filter(({ holder }) => holder !== undefined).length;
    await work.lease.write(async () => {
      await this.context.stores.addresses.clearDirty(
        work.lease.accountId,
        idle.map(({ email }) => email),
      );
      await count({ ...noCounts, unchanged });
    });
  }

  /** Learns of addresses whose answer was lost whether they stood in Unisender before; the next round removes them rightly. */
  private async inspect(work: AccountWork, key: Secret, listId: number, inspects: readonly Planned[]): Promise<void> {
    const told: PushedAddress[] = [];
    for (const { address } of inspects) {
      told.push(
        pushedByInspection(address, toFound(await this.context.unisender.getContact(key, address.email), [listId, address.ownListId])),
      );
      throwIfStopping(work.signal);
    }
    if (told.length === 0) return;
    await work.lease.write(async () => {
      await this.context.stores.addresses.recordPushed(work.lease.accountId, told);
      await this.context.stores.addresses.markDirty(
        work.lease.accountId,
        told.map(({ email }) => email),
      );
    });
  }

  /** Takes addresses off our list one by one: importing a row with the excluded list would bring back one that was deleted by hand. */
  private async exclude(work: AccountWork, key: Secret, listId: number, plan: Plan, count: CountPushed): Promise<void> {
    if (plan.excludes.length === 0) return;
    await work.lease.write(() => this.context.stores.addresses.markOutcomeUnknown(work.lease.accountId, emailsOf(plan.excludes)));
    for (const { address } of plan.excludes) {
      for (const id of new Set([address.ownListId ?? listId, listId])) await this.context.unisender.exclude(key, address.email, [id]);
      throwIfStopping(work.signal);
    }
    const told = plan.excludes.map(({ address }) => pushedByExclude(address));
    await this.record(work, told, { ...noCounts, deleted: told.length }, count);
  }

  private async importRows(work: AccountWork, key: Secret, listId: number, plan: Plan, count: CountPushed): Promise<void> {
    const { stores, unisender } = this.context;
    const fresh = plan.puts.filter(({ address, action }) => action.isNew && address.origin === 'unknown');
    const known = [...plan.puts.filter((put) => !fresh.includes(put)), ...plan.deletes];
    await work.lease.write(async () => {
      await stores.addresses.markSent(work.lease.accountId, emailsOf(fresh));
      await stores.addresses.markOutcomeUnknown(work.lease.accountId, emailsOf(known));
    });
    const result = await unisender.importContacts(key, toRows(plan, listId, Object.values(work.settings.fields)));
    const rejected = new Map(result.rejected.map(({ index, code }) => [index, code]));
    const origin = originFrom(plan, fresh, result, rejected);
    const puts = plan.puts.map(({ address, action }, index) =>
      pushedByPut(address, action, { rejectedCode: rejected.get(index), originOfFresh: origin, listId }),
    );
    const deletes = plan.deletes.map(({ address }) => pushedByDelete(address));
    await this.record(work, [...puts, ...deletes], countsOf(plan, rejected), count);
  }

  private async record(work: AccountWork, told: readonly PushedAddress[], counts: PushCounts, count: CountPushed): Promise<void> {
    await work.lease.write(async () => {
      await this.context.stores.addresses.recordPushed(work.lease.accountId, told);
      await count(counts);
    });
  }
}

const toFound = (contact: UnisenderContact | undefined, ourListIds: readonly (number | null)[]): FoundAddress | undefined =>
  contact && { isOnOurList: contact.lists.some(({ id }) => ourListIds.includes(id)), addedAtMs: contact.addedAtMs };

const emailsOf = (planned: readonly Planned[]): string[] => planned.map(({ address }) => address.email);
