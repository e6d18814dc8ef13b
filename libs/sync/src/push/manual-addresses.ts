import { Injectable } from '@nestjs/common';
import { AddressStore, type DirtyAddress, ManualAddressStore } from '#database';
import { Clock, MAX_ROWS_PER_CALL, type Secret, chunksOf, decideAddress } from '#domain';
import type { AccountWork } from './account-work.js';
import { AddressRemover } from './address-remover.js';
import { ConsentGate } from './consent-gate.js';
import { ListWriter, type Round } from './list-writer.js';
import { Preparation } from './preparation.js';
import { type Put, toPutCalls } from './push-plan.js';

/** The calls to Unisender that an operator's request needs. */
@Injectable()
export class ManualCalls {
  constructor(
    private readonly preparation: Preparation,
    private readonly writer: ListWriter,
    private readonly remover: AddressRemover,
    private readonly clock: Clock,
  ) {}

  /** Puts addresses on the list that are not on it with their present values. */
  async put(work: AccountWork, key: Secret, records: readonly DirtyAddress[]): Promise<void> {
    const puts = records.flatMap((address): Put[] => {
      const action = decideAddress(address, address.holder, this.clock.nowMs());
      return action.kind === 'put' ? [{ address, action }] : [];
    });
    if (puts.length === 0) return;
    const round = await this.openRound(work, key);
    for (const call of toPutCalls(puts)) if (!(await this.writer.write(round, call))) return;
  }

  /** Removes addresses. */
  async remove(work: AccountWork, key: Secret, records: readonly DirtyAddress[]): Promise<void> {
    await this.remover.remove(await this.openRound(work, key), records);
  }

  /** Deletes an address that contacts may still hold, if the service put it there. */
  async erase(work: AccountWork, key: Secret, record: DirtyAddress): Promise<void> {
    await this.remover.remove(await this.openRound(work, key), [record], { isForced: true });
  }

  private async openRound(work: AccountWork, key: Secret): Promise<Round> {
    const listId = await this.preparation.ensureReady(work, key);
    return { work, key, listId, count: async () => {}, onRefused: () => this.preparation.replaceLost(work, key) };
  }
}

/** Puts addresses on the list, or removes them, because the operator asks for it. */
@Injectable()
export class ManualAddresses {
  constructor(
    private readonly manual: ManualAddressStore,
    private readonly addresses: AddressStore,
    private readonly calls: ManualCalls,
    private readonly gate: ConsentGate,
  ) {}

  /**
   * Records that the operator wants these addresses, and puts them on the list. An account that is not ready pushes them later.
   * Returns what is known of each address afterwards. Throws TransientError and AccountBlockedError.
   */
  async add(work: AccountWork, key: Secret, emails: readonly string[]): Promise<Map<string, DirtyAddress>> {
    const { lease, account } = work;
    await lease.write(async () => {
      await this.manual.add(lease.accountId, emails);
      await this.gate.restoreErased(lease.accountId, emails);
    });
    if (account.baselineState === 'done') {
      for (const chunk of chunksOf(emails, MAX_ROWS_PER_CALL)) await this.calls.put(work, key, await this.find(work, chunk));
    }
    return this.findAll(work, emails);
  }

  /**
   * Removes addresses that no contact holds: ours are deleted, others are taken off our list. An address that the service never pushed,
   * or that refused mailings, stays as it is. Returns what was known of each address before and after.
   */
  async remove(work: AccountWork, key: Secret, emails: readonly string[]) {
    await work.lease.write(() => this.manual.forget(work.lease.accountId, emails));
    const before = await this.findAll(work, emails);
    const removable = [...before.values()].filter((record) => decideAddress(record, record.holder, 0).kind === 'remove');
    for (const chunk of chunksOf(removable, MAX_ROWS_PER_CALL)) await this.calls.remove(work, key, chunk);
    return { before, after: await this.findAll(work, emails) };
  }

  private async findAll(work: AccountWork, emails: readonly string[]): Promise<Map<string, DirtyAddress>> {
    const found = await this.find(work, emails);
    return new Map(found.map((record) => [record.email, record]));
  }

  private async find({ lease }: AccountWork, emails: readonly string[]): Promise<DirtyAddress[]> {
    return this.addresses.listWithHolders(lease.accountId, emails);
  }
}
