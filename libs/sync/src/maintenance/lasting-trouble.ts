import { Injectable } from '@nestjs/common';
import { type AccountEntity, AddressStore, AlertStore, EventStore, PushedAddressStore } from '#database';
import { type Alert, Clock, listLastingTrouble } from '#domain';

const MAX_COUNTED = 1_000;
const BEFORE_ALL = '';

/** Raises alerts about accounts that make no progress. */
@Injectable()
export class LastingTrouble {
  constructor(
    private readonly addresses: AddressStore,
    private readonly pushed: PushedAddressStore,
    private readonly events: EventStore,
    private readonly alerts: AlertStore,
    private readonly clock: Clock,
  ) {}

  /** Checks one account. The cost does not grow with its contacts. */
  async check(account: AccountEntity): Promise<void> {
    for (const alert of await this.list(account)) await this.alerts.raise(alert);
  }

  /** Lists what hinders the account now. */
  async list(account: AccountEntity): Promise<Alert[]> {
    const { accountId } = account;
    const parked = await this.pushed.countParked(accountId, MAX_COUNTED);
    const oldestChangeAt = await this.findOldestChange(accountId);
    return listLastingTrouble({ ...account, parked, oldestChangeAt }, this.clock.nowMs());
  }

  private async findOldestChange(accountId: number): Promise<number | null> {
    const { oldestSince } = await this.addresses.findBacklog(accountId);
    const [event] = await this.events.listWaiting(accountId, BEFORE_ALL, 1);
    const times = [oldestSince, event?.receivedAt ?? null].filter((time) => time !== null);
    return times.length === 0 ? null : Math.min(...times);
  }
}
