import type { DirtyAddress, Tx } from '#database';
import {
  type AddressAction,
  type FoundAddress,
  MAX_ROWS_PER_CALL,
  type Secret,
  type ToldAddress,
  decideAddress,
  originOfFresh,
  toldByDelete,
  toldByExclude,
  toldByInspection,
  toldByPut,
} from '#domain';
import type { ImportResult, UnisenderContact } from '#unisender';
import type { SyncContext } from '../context.js';
import { type AccountWork, throwIfStopping } from './account-work.js';

/** What one round of telling did, counted in addresses. */
export interface TellCounts {
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  readonly rejected: number;
  readonly unchanged: number;
}

/** Counts in the transaction that records them, so that a crash never counts twice. */
export type CountTold = (tx: Tx, counts: TellCounts) => Promise<void>;

interface Planned {
  readonly address: DirtyAddress;
  readonly action: AddressAction;
}

type Put = Planned & { readonly action: Extract<AddressAction, { kind: 'put' }> };

interface Plan {
  readonly puts: readonly Put[];
  readonly deletes: readonly Planned[];
  readonly excludes: readonly Planned[];
  readonly inspects: readonly Planned[];
}

/** Single calls (exclude, getContact) per round: keeps a round short beside the lease. */
const MAX_SINGLE_CALLS = 50;
const noCounts: TellCounts = { created: 0, updated: 0, deleted: 0, rejected: 0, unchanged: 0 };

const isPut = (planned: Planned): planned is Put => planned.action.kind === 'put';

/** Tells Unisender the difference between what it was told and what the mirror says, in full calls. */
export class AddressTeller {
  constructor(private readonly context: SyncContext) {}

  /**
   * One round: at most one importContacts call of 500 rows, and some single calls. Returns false when nothing was dirty.
   * A crash at any point repeats the round; every call of it bears repetition.
   */
  async tell(work: AccountWork, key: Secret, listId: number, count: CountTold = async () => {}): Promise<boolean> {
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
  private async gather(work: AccountWork, count: CountTold): Promise<Plan | undefined> {
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

  private async clear(work: AccountWork, idle: readonly DirtyAddress[], count: CountTold): Promise<void> {
    const unchanged = idle.filter(({ holder }) => holder !== undefined).length;
    await work.lease.write(async (tx) => {
      await this.context.stores.addresses.clearDirty(
        tx,
        work.lease.accountId,
        idle.map(({ email }) => email),
      );
      await count(tx, { ...noCounts, unchanged });
    });
  }

  /** Learns of addresses whose answer was lost whether they stood in Unisender before; the next round removes them rightly. */
  private async inspect(work: AccountWork, key: Secret, listId: number, inspects: readonly Planned[]): Promise<void> {
    const told: ToldAddress[] = [];
    for (const { address } of inspects) {
      told.push(toldByInspection(address, toFound(await this.context.unisender.getContact(key, address.email), listId)));
      throwIfStopping(work.signal);
    }
    if (told.length === 0) return;
    await work.lease.write(async (tx) => {
      await this.context.stores.addresses.recordTold(tx, work.lease.accountId, told);
      await this.context.stores.addresses.markDirty(
        tx,
        work.lease.accountId,
        told.map(({ email }) => email),
      );
    });
  }

  /** Takes addresses off our list one by one: importing a row with the excluded list would bring back one that was deleted by hand. */
  private async exclude(work: AccountWork, key: Secret, listId: number, plan: Plan, count: CountTold): Promise<void> {
    if (plan.excludes.length === 0) return;
    await work.lease.write((tx) => this.context.stores.addresses.markUnanswered(tx, work.lease.accountId, emailsOf(plan.excludes)));
    for (const { address } of plan.excludes) {
      await this.context.unisender.exclude(key, address.email, [listId]);
      throwIfStopping(work.signal);
    }
    const told = plan.excludes.map(({ address }) => toldByExclude(address));
    await this.record(work, told, { ...noCounts, deleted: told.length }, count);
  }

  private async importRows(work: AccountWork, key: Secret, listId: number, plan: Plan, count: CountTold): Promise<void> {
    const { stores, unisender } = this.context;
    const fresh = plan.puts.filter(({ address, action }) => action.isNew && address.origin === 'unknown');
    const known = [...plan.puts.filter((put) => !fresh.includes(put)), ...plan.deletes];
    await work.lease.write(async (tx) => {
      await stores.addresses.markSent(tx, work.lease.accountId, emailsOf(fresh));
      await stores.addresses.markUnanswered(tx, work.lease.accountId, emailsOf(known));
    });
    const result = await unisender.importContacts(key, toRows(plan, listId, Object.values(work.settings.fields)));
    const rejected = new Map(result.rejected.map(({ index, code }) => [index, code]));
    const origin = originFrom(plan, fresh, result, rejected);
    const puts = plan.puts.map(({ address, action }, index) =>
      toldByPut(address, action, { rejectedCode: rejected.get(index), originOfFresh: origin }),
    );
    const deletes = plan.deletes.map(({ address }) => toldByDelete(address));
    await this.record(work, [...puts, ...deletes], countsOf(plan, rejected), count);
  }

  private async record(work: AccountWork, told: readonly ToldAddress[], counts: TellCounts, count: CountTold): Promise<void> {
    await work.lease.write(async (tx) => {
      await this.context.stores.addresses.recordTold(tx, work.lease.accountId, told);
      await count(tx, counts);
    });
  }
}

function toPlan(planned: readonly Planned[]): Plan {
  const ofKind = (kind: AddressAction['kind']) => planned.filter(({ action }) => action.kind === kind);
  return {
    puts: planned.filter(isPut),
    deletes: ofKind('delete'),
    excludes: ofKind('exclude').slice(0, MAX_SINGLE_CALLS),
    inspects: ofKind('inspect').slice(0, MAX_SINGLE_CALLS),
  };
}

const toFound = (contact: UnisenderContact | undefined, listId: number): FoundAddress | undefined =>
  contact && { isOnOurList: contact.lists.some(({ id }) => id === listId), addedAtMs: contact.addedAtMs };

const emailsOf = (planned: readonly Planned[]): string[] => planned.map(({ address }) => address.email);

/** `delete` is a column only where a row needs it; `email_status` and `overwrite_lists` are never sent: nobody is re-subscribed. */
function toRows({ puts, deletes }: Plan, listId: number, fieldNames: readonly string[]): { fieldNames: string[]; rows: string[][] } {
  const withDelete = deletes.length > 0;
  const flag = (value: string) => (withDelete ? [value] : []);
  return {
    fieldNames: ['email', ...flag('delete'), 'Name', 'email_list_ids', ...fieldNames],
    rows: [
      ...puts.map(({ address, action }) => [
        address.email,
        ...flag('0'),
        action.holder.name,
        String(listId),
        ...fieldNames.map((name) => action.holder.fields[name] ?? ''),
      ]),
      ...deletes.map(({ address }) => [address.email, '1', '', '', ...fieldNames.map(() => '')]),
    ],
  };
}

/** What the answer's numbers say of the rows that are new to us. */
function originFrom(plan: Plan, fresh: readonly Put[], { inserted, updated }: ImportResult, rejected: ReadonlyMap<number, string>) {
  const accepted = plan.puts.filter((_, index) => !rejected.has(index));
  const freshSet = new Set(fresh);
  const freshCount = accepted.filter((put) => freshSet.has(put)).length;
  return originOfFresh({ inserted, updated, fresh: freshCount, known: accepted.length - freshCount });
}

function countsOf({ puts, deletes }: Plan, rejected: ReadonlyMap<number, string>): TellCounts {
  const accepted = puts.filter((_, index) => !rejected.has(index));
  const created = accepted.filter(({ action }) => action.isNew).length;
  return {
    created,
    updated: accepted.length - created,
    deleted: deletes.length,
    rejected: puts.length - accepted.length,
    unchanged: 0,
  };
}
