import { Injectable } from '@nestjs/common';
import { type AccountEntity, AccountStore, type FailureEntity, type UnisenderWebhookState, type WebhookState } from '#database';
import {
  type AccountSettingsView,
  type AccountStatus,
  type AttentionCode,
  type AuthorisedAccount,
  toIsoTime,
  toSettingsView,
} from '#domain';
import type { RunView } from '../runs/run-view.js';
import type { PausedView } from './account-activity.js';
import { AccountHistory } from './account-history.js';
import { type AccountDetails, AccountQueries } from './account-queries.js';

const FAILURES_SHOWN = 10;

/** An account for the widget. It contains no secret: the key is masked. */
export interface WidgetStatus {
  readonly account_id: number;
  readonly name: string;
  readonly status: AccountStatus;
  readonly connected: boolean;
  readonly unisender_key: string | null;
  /** Why Unisender refuses the key; null while Unisender accepts it, and without a key. */
  readonly unisender_key_problem: string | null;
  readonly list_id: number | null;
  readonly list_title: string | null;
  readonly webhook: WebhookState | null;
  readonly unisender_webhook: UnisenderWebhookState | null;
  readonly settings: AccountSettingsView | null;
  readonly contacts: AccountDetails['contacts'];
  readonly last_event_at: string | null;
  readonly last_run: RunView | null;
  readonly paused: PausedView | null;
  readonly events_waiting: number;
  /** What a human must do. */
  readonly attention: readonly AttentionCode[];
  /** Newest first. */
  readonly failures: readonly { readonly code: string; readonly reason: string; readonly failed_at: string }[];
}

const toUnconnectedStatus = (accountId: number): WidgetStatus => ({
  account_id: accountId,
  name: '',
  status: 'pending_authorization',
  connected: false,
  unisender_key: null,
  unisender_key_problem: null,
  list_id: null,
  list_title: null,
  webhook: null,
  unisender_webhook: null,
  settings: null,
  contacts: { total: 0, in_sync: 0, waiting: 0, excluded: 0, failing: 0 },
  last_event_at: null,
  last_run: null,
  paused: null,
  events_waiting: 0,
  attention: [],
  failures: [],
});

interface StatusSources {
  readonly account: AccountEntity;
  readonly details: AccountDetails;
  readonly failures: readonly FailureEntity[];
}

const toWidgetStatus = ({ account, details, failures }: StatusSources): WidgetStatus => ({
  account_id: account.accountId,
  name: account.name,
  status: details.status,
  connected: details.status === 'active',
  unisender_key: details.unisender_key,
  unisender_key_problem: account.unisenderBlock,
  list_id: account.listId,
  list_title: account.listTitle,
  webhook: account.webhookState,
  unisender_webhook: account.unisenderWebhookState,
  settings: toSettingsView(account.settings),
  contacts: details.contacts,
  last_event_at: details.last_event_at,
  last_run: details.last_run,
  paused: details.paused,
  events_waiting: details.events_waiting,
  attention: details.attention,
  failures: failures.map(({ code, reason, failedAt }) => ({ code, reason, failed_at: toIsoTime(failedAt) })),
});

/** Reads the status of accounts for the widget. */
@Injectable()
export class WidgetStatuses {
  constructor(
    private readonly accounts: AccountStore,
    private readonly queries: AccountQueries,
    private readonly history: AccountHistory,
  ) {}

  /** Reads the status. An unknown account counts as not authorised, so that the widget offers to connect it. */
  async read({ accountId }: AuthorisedAccount): Promise<WidgetStatus> {
    const account = await this.accounts.find(accountId);
    const details = await this.queries.find(accountId);
    if (!account || !details) return toUnconnectedStatus(accountId);
    return toWidgetStatus({ account, details, failures: await this.history.listFailures(accountId, FAILURES_SHOWN) });
  }
}
