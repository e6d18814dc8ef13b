import { Injectable } from '@nestjs/common';
import { AddressStore, type DirtyAddress } from '#database';
import {
  type AddressAction,
  type DirtyCause,
  type FoundAddress,
  MAX_ROWS_PER_CALL,
  type PushedAddress,
  type Secret,
  decideAddress,
  groupBy,
  pushedByDelete,
  pushedByExclude,
  pushedByInspection,
  pushedByPut,
} from '#domain';
import { UnisenderClient, type UnisenderContact, UnisenderRejectedError } from '#unisender';
import { type AccountWork, throwIfStopping } from './account-work.js';
import { Preparation } from './preparation.js';
import { RemovalGate } from './removal-gate.js';
import { type Plan, type Planned, type PushCounts, countsOf, originFrom, toPlan, toRows } from './push-plan.js';

/** Adds to counters inside the transaction that records a push, so that a crash never counts twice. */
export type CountPushed = (counts: PushCounts) => Promise<void>;

/** What one round pushes with. */
interface Round {
  readonly work: AccountWork;
  readonly key: Secret;
  readonly listId: number;
  readonly count: CountPushed;
}

const noCounts: PushCounts = { created: 0, updated: 0, deleted: 0, rejected: 0, unchanged: 0 };

/** Pushes the difference between the mirror and what was pushed before to Unisender, in calls of up to 500 rows. */
@Injectable()
export class AddressPusher {
  constructor(
    private readonly addresses: AddressStore,
    private readonly unisender: UnisenderClient,
    private readonly preparation: Preparation,
    private readonly gate: RemovalGate,
  ) {}

  /**
   * Pushes one round: at most one importContacts call of 500 rows, and at most 100 single calls. Prepares the list first, and creates
   * it again when it was deleted in Unisender. Returns false when no address is dirty. Safe to repeat after a crash.
   * Throws TransientError, UnisenderRejectedError and UnisenderKeyRefusedError.
   */
  async push(work: AccountWork, key: Secret, count: CountPushed = async () => {}): Promise<boolean> {
    const listId = await this.preparation.ensureReady(work, key);
    try {
      return await this.pushRound({ work, key, listId, count });
    } catch (error) {
      const isReplaced = error instanceof UnisenderRejectedError && (await this.preparation.replaceLost(work, key));
      if (isReplaced) return true;
      throw error;
    }
  }

  private async pushRound(round: Round): Promise<boolean> {
    const { work } = round;
    throwIfStopping(work.signal);
    const plan = await this.planRound(round);
    if (!plan) return false;
    await this.inspect(round, plan.inspects);
    await this.exclude(round, plan.excludes);
    if (plan.puts.length + plan.deletes.length > 0) await this.importRows(round, plan);
    work.lease.assertHeld();
    return true;
  }

  /** Plans up to 500 dirty addresses that need a call. Clears the mark of those that need none; sets removals aside that are not decided. */
  private async planRound({ work, count }: Round): Promise<Plan | undefined> {
    for (;;) {
      const dirty = await this.addresses.listDirty(work.lease.accountId, MAX_ROWS_PER_CALL);
      if (dirty.length === 0) return undefined;
      const planned = dirty.map((address) => ({ address, action: decideAddress(address, address.holder, work.settings.deletePolicy) }));
      const undecided = planned.filter(({ address, action }) => isRemoval(action) && !this.gate.isAdmitted(address));
      const idle = planned.filter(({ action }) => action.kind === 'none').map(({ address }) => address);
      if (idle.length > 0) await this.clear(work, idle, count);
      if (undecided.length > 0) await this.setAside(work, undecided);
      const isFull = dirty.length === MAX_ROWS_PER_CALL;
      const settled = idle.length + undecided.length;
      if (settled === 0 || !isFull) return toPlan(planned.filter((each) => !undecided.includes(each)));
    }
  }

  private async clear({ lease }: AccountWork, idle: readonly DirtyAddress[], count: CountPushed): Promise<void> {
    const unchanged = idle.filter(({ holder }) => holder !== undefined).length;
    const emails = idle.map(({ email }) => email);
    await lease.write(async () => {
      await this.addresses.clearDirty(lease.accountId, emails);
      await count({ ...noCounts, unchanged });
    });
  }

  private async setAside({ lease }: AccountWork, undecided: readonly Planned[]): Promise<void> {
    const removals = undecided.map(({ address }) => address);
    await lease.write(() => this.gate.setAside(lease.accountId, removals));
  }

  /** Finds out, after a response was lost, whether an address was in Unisender before the call. The next round uses the result. */
  private async inspect({ work, key, listId }: Round, inspects: readonly Planned[]): Promise<void> {
    const inspected: PushedAddress[] = [];
    for (const { address } of inspects) {
      const contact = await this.unisender.getContact(key, address.email);
      inspected.push(pushedByInspection(address, toFound(contact, [listId, address.ownListId])));
      throwIfStopping(work.signal);
    }
    if (inspected.length === 0) return;
    const { accountId } = work.lease;
    await work.lease.write(async () => {
      await this.addresses.recordPushed(accountId, inspected);
      for (const [cause, group] of groupBy(inspects, admittedCauseOf)) {
        const emails = group.map(({ address }) => address.email);
        await this.addresses.markDirty(accountId, emails, cause);
      }
    });
  }

  /** Removes addresses from our list, one call each: an import with excluded lists would create a contact again that was deleted by hand. */
  private async exclude(round: Round, excludes: readonly Planned[]): Promise<void> {
    if (excludes.length === 0) return;
    const { work, key, listId } = round;
    await work.lease.write(() => this.addresses.markOutcomeUnknown(work.lease.accountId, emailsOf(excludes)));
    for (const { address } of excludes) {
      for (const id of new Set([address.ownListId ?? listId, listId])) await this.unisender.exclude(key, address.email, [id]);
      throwIfStopping(work.signal);
    }
    const pushed = excludes.map(({ address }) => pushedByExclude(address));
    await this.record(round, pushed, { ...noCounts, deleted: pushed.length });
  }

  private async importRows(round: Round, plan: Plan): Promise<void> {
    const { work, key, listId } = round;
    const { accountId } = work.lease;
    const fresh = plan.puts.filter(({ address, action }) => action.isNew && address.origin === 'unknown');
    const known = [...plan.puts.filter((put) => !fresh.includes(put)), ...plan.deletes];
    await work.lease.write(async () => {
      await this.addresses.markSent(accountId, emailsOf(fresh));
      await this.addresses.markOutcomeUnknown(accountId, emailsOf(known));
    });
    const result = await this.unisender.importContacts(key, toRows(plan, listId, Object.values(work.settings.fields)));
    const rejected = new Map(result.rejected.map(({ index, code }) => [index, code]));
    const origin = originFrom(plan, fresh, result, rejected);
    const puts = plan.puts.map(({ address, action }, index) =>
      pushedByPut(address, action, { rejectedCode: rejected.get(index), originOfFresh: origin, listId }),
    );
    const deletes = plan.deletes.map(({ address }) => pushedByDelete(address));
    await this.record(round, [...puts, ...deletes], countsOf(plan, rejected));
  }

  private async record({ work, count }: Round, pushed: readonly PushedAddress[], counts: PushCounts): Promise<void> {
    await work.lease.write(async () => {
      await this.addresses.recordPushed(work.lease.accountId, pushed);
      await count(counts);
    });
  }
}

const isRemoval = ({ kind }: AddressAction): boolean => kind === 'delete' || kind === 'exclude' || kind === 'inspect';

/** The cause that lets a removal pass which was admitted before it was inspected. */
const admittedCauseOf = ({ address: { dirtyCause } }: Planned): DirtyCause => (dirtyCause === 'event' ? 'event' : 'operator');

const toFound = (contact: UnisenderContact | undefined, ourListIds: readonly (number | null)[]): FoundAddress | undefined =>
  contact && { isOnOurList: contact.lists.some(({ id }) => ourListIds.includes(id)), addedAtMs: contact.addedAtMs };

const emailsOf = (planned: readonly Planned[]): string[] => planned.map(({ address }) => address.email);
