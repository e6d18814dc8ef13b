import type { AccountEntity, FailureEntity, WebhookState } from '#database';
import { type AccountSettings, type AccountStatus, toIsoTime } from '#domain';
import type { AccountDetails } from './account-queries.js';
import type { RunView } from '../runs/run-view.js';

/** The account as the widget shows it. No secret is in it: the key is masked. */
export interface WidgetStatus {
  readonly account_id: number;
  readonly name: string;
  readonly status: AccountStatus;
  readonly connected: boolean;
  readonly unisender_key: string | null;
  /** Why Unisender refuses the key; null while it is accepted or missing. */
  readonly unisender_key_problem: string | null;
  readonly list_id: number | null;
  readonly list_title: string | null;
  readonly webhook: WebhookState | null;
  readonly settings: WidgetSettingsView | null;
  readonly contacts: AccountDetails['contacts'];
  readonly last_event_at: string | null;
  readonly last_run: RunView | null;
  /** Newest first. */
  readonly failures: readonly { readonly code: string; readonly reason: string; readonly failed_at: string }[];
}

/** Settings under the names that POST /widget takes. */
interface WidgetSettingsView {
  readonly list_title: string | null;
  readonly delete_policy: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly include_tags: readonly string[];
  readonly exclude_tags: readonly string[];
  readonly write_back: boolean;
  readonly write_back_tag: string;
}

/** The status of an account that nobody has authorised. */
export const toUnconnectedStatus = (accountId: number): WidgetStatus => ({
  account_id: accountId,
  name: '',
  status: 'pending_authorization',
  connected: false,
  unisender_key: null,
  unisender_key_problem: null,
  list_id: null,
  list_title: null,
  webhook: null,
  settings: null,
  contacts: { total: 0, in_sync: 0, excluded: 0, failing: 0 },
  last_event_at: null,
  last_run: null,
  failures: [],
});

const toSettingsView = (settings: AccountSettings): WidgetSettingsView => ({
  list_title: settings.listTitle ?? null,
  delete_policy: settings.deletePolicy,
  fields: settings.fields,
  include_tags: settings.includeTags,
  exclude_tags: settings.excludeTags,
  write_back: settings.writeBack,
  write_back_tag: settings.writeBackTag,
});

/** What a status is made of. */
export interface StatusSources {
  readonly account: AccountEntity;
  readonly view: AccountDetails;
  readonly failures: readonly FailureEntity[];
  readonly settings: AccountSettings;
}

/** The status of a known account. */
export const toWidgetStatus = ({ account, view, failures, settings }: StatusSources): WidgetStatus => ({
  account_id: account.accountId,
  name: account.name,
  status: account.status,
  connected: account.status === 'active',
  unisender_key: view.unisender_key,
  unisender_key_problem: account.unisenderBlock,
  list_id: account.listId,
  list_title: account.listTitle,
  webhook: account.webhookState,
  settings: toSettingsView(settings),
  contacts: view.contacts,
  last_event_at: view.last_event_at,
  last_run: view.last_run,
  failures: failures.map(({ code, reason, failedAt }) => ({ code, reason, failed_at: toIsoTime(failedAt) })),
});
