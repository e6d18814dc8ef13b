import type { AccountEntity, EventView, FailureEntity, WebhookState } from '#database';
import { type AccountStatus, toIsoTime } from '#domain';
import type { SyncContext } from '../context.js';
import { type RunView, toRunView } from '../runs/run-view.js';

/** An account as the operator sees it; the key is masked, tokens and webhook URLs never leave. */
export interface AccountView {
  readonly account_id: number;
  readonly integration_id: string;
  readonly name: string;
  readonly subdomain: string;
  readonly status: AccountStatus;
  readonly token_expires_at: string | null;
  readonly unisender_key: string | null;
  readonly list_id: number | null;
  readonly list_title: string | null;
  readonly webhook: WebhookState | null;
  /** Living contacts; those in none of the three wait to be told. */
  readonly contacts: { readonly total: number; readonly in_sync: number; readonly excluded: number; readonly failing: number };
  readonly events_waiting: number;
  readonly last_event_at: string | null;
  readonly last_run: RunView | null;
}

/** An account with the work that waits for it. */
export interface AccountDetails extends AccountView {
  /** Events, unpushed addresses (counted up to 500) and a run, together: 0 when nothing is in flight. */
  readonly jobs_waiting: number;
  readonly active_run_id: string | null;
}

const DEFAULT_LIMIT = 100;
const MASKED_KEY = '***';

/** What the operator asks about accounts. */
export class AccountQueries {
  constructor(private readonly context: SyncContext) {}

  /** In order of their ids: those of one integration or all, `limit` of them with ids above `after`. */
  async list(filter: { integrationId?: string; limit?: number; after?: number } = {}): Promise<AccountView[]> {
    const rows = await this.context.stores.accounts.list({ limit: DEFAULT_LIMIT, ...filter });
    return Promise.all(rows.map((row) => this.toView(row)));
  }

  /** One account, or undefined when it is not known. */
  async find(accountId: number): Promise<AccountDetails | undefined> {
    const row = await this.context.stores.accounts.find(accountId);
    if (!row) return undefined;
    const { stores } = this.context;
    const active = await stores.runs.findActive(accountId);
    const view = await this.toView(row);
    const backlog = await stores.addresses.findBacklog(accountId);
    const unpushed = row.unisenderKey === null ? 0 : backlog.rows;
    const runsWaiting = active && active.state !== 'waiting_for_confirmation' ? 1 : 0;
    return { ...view, jobs_waiting: view.events_waiting + unpushed + runsWaiting, active_run_id: active?.runId ?? null };
  }

  /** The newest events, newest first, with the reason where one was not applied. */
  async events(accountId: number, limit = 100): Promise<EventView[]> {
    return this.context.stores.events.list(accountId, limit);
  }

  /** Buried jobs, newest first. */
  async failures(accountId?: number, limit = 100): Promise<FailureEntity[]> {
    return this.context.stores.failures.list({ ...(accountId === undefined ? {} : { accountId }), limit });
  }

  private async toView(row: AccountEntity): Promise<AccountView> {
    const { stores, clock } = this.context;
    const { accountId } = row;
    const access = await stores.accesses.find(accountId);
    const { total, inSync, excluded, failing } = await stores.contactFigures.count(accountId);
    const [run] = await stores.runs.list(accountId, 1);
    return {
      account_id: accountId,
      integration_id: row.clientId,
      name: row.name,
      subdomain: row.subdomain,
      status: row.status,
      token_expires_at: toIsoTime(access?.expiresAt ?? null),
      unisender_key: row.unisenderKey === null ? null : MASKED_KEY,
      list_id: row.listId,
      list_title: row.listTitle,
      webhook: row.webhookState,
      contacts: { total, in_sync: inSync, excluded, failing },
      events_waiting: await stores.events.countWaiting(accountId),
      last_event_at: toIsoTime(row.lastEventAt),
      last_run: run ? toRunView(run, clock.nowMs()) : null,
    };
  }
}
