import { Injectable } from '@nestjs/common';
import { AccountStore, AddressStore, RunStore } from '#database';
import { type AccountView, AccountViews } from './account-views.js';

/** An account with its pending work. */
export interface AccountDetails extends AccountView {
  /** Waiting events, unpushed addresses (counted up to 500) and the active run, together. 0 when nothing is pending. */
  readonly jobs_waiting: number;
  readonly active_run_id: string | null;
}

const DEFAULT_LIMIT = 100;

/** Finds and lists accounts for the operator and the widget. */
@Injectable()
export class AccountQueries {
  constructor(
    private readonly accounts: AccountStore,
    private readonly views: AccountViews,
    private readonly runs: RunStore,
    private readonly addresses: AddressStore,
  ) {}

  /** Lists accounts in the order of their ids, of one integration or of all. `after` is the last id of the previous page. */
  async list(filter: { integrationId?: string; limit?: number; after?: number } = {}): Promise<AccountView[]> {
    const accounts = await this.accounts.list({ limit: DEFAULT_LIMIT, ...filter });
    return Promise.all(accounts.map((account) => this.views.read(account)));
  }

  /** Returns an account, or undefined. */
  async find(accountId: number): Promise<AccountDetails | undefined> {
    const account = await this.accounts.find(accountId);
    if (!account) return undefined;
    const run = await this.runs.findActive(accountId);
    const view = await this.views.read(account);
    const backlog = await this.addresses.findBacklog(accountId);
    const unpushed = account.unisenderKey === null ? 0 : backlog.rows;
    const runsWaiting = run && run.state !== 'waiting_for_confirmation' ? 1 : 0;
    return { ...view, jobs_waiting: view.events_waiting + unpushed + runsWaiting, active_run_id: run?.runId ?? null };
  }
}
