import { Injectable } from '@nestjs/common';
import { type AccountEntity, EventStore, PauseStore, RunStore } from '#database';
import { Clock, type PauseScope, toIsoTime, vendors } from '#domain';
import { type RunView, toRunView } from '../runs/run-view.js';

/** Why and until when the work of an account waits. */
export interface PausedView {
  readonly code: string;
  /** ISO 8601; the year 9999 for a pause that lasts until an operator lifts it. */
  readonly until: string;
}

/** What an account does at present. */
export interface AccountActivityView {
  readonly events_waiting: number;
  readonly last_run: RunView | null;
  /** The longest pause of the account, of its Unisender key or of a vendor; null without one. */
  readonly paused: PausedView | null;
}

const vendorScopes: readonly PauseScope[] = vendors.map((id) => ({ kind: 'vendor', id }));

/** Reads what an account does, and for what it waits. */
@Injectable()
export class AccountActivity {
  constructor(
    private readonly runs: RunStore,
    private readonly events: EventStore,
    private readonly pauses: PauseStore,
    private readonly clock: Clock,
  ) {}

  /** Reads the activity of a stored account. */
  async read({ accountId, unisenderKeyHash }: AccountEntity): Promise<AccountActivityView> {
    const [run] = await this.runs.list(accountId, 1);
    const keyScopes: readonly PauseScope[] = unisenderKeyHash === null ? [] : [{ kind: 'key', id: unisenderKeyHash }];
    const [pause] = await this.pauses.findActive([{ kind: 'account', id: String(accountId) }, ...keyScopes, ...vendorScopes]);
    return {
      events_waiting: await this.events.countWaiting(accountId),
      last_run: run ? toRunView(run, this.clock.nowMs()) : null,
      paused: pause ? { code: pause.code, until: toIsoTime(pause.until) } : null,
    };
  }
}
