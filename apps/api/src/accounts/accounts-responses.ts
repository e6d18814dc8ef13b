import type {
  AccountSettingsResponse,
  AccountStatus,
  AttentionCode,
  ContactCounts,
  PausedResponse,
  RunResponse,
} from '../operations/operations-responses.js';

/** What a request changes: any subset. `null` or `[]` resets a setting to its default. */
export type SettingsChange = { readonly [Name in keyof AccountSettingsResponse]?: AccountSettingsResponse[Name] | null };

/** What a change of settings does. Counts are addresses. */
export interface SettingsEffectResponse {
  readonly settings: AccountSettingsResponse;
  readonly would_add: number;
  readonly would_remove: number;
  /** The run that applies the change; null when there is nothing to apply, and while the account cannot run. */
  readonly run_id: string | null;
}

/** An account for the widget. It contains no secret. */
export interface WidgetStatusResponse {
  readonly account_id: number;
  readonly name: string;
  readonly status: AccountStatus;
  readonly connected: boolean;
  /** `***` when a key is stored. */
  readonly unisender_key: string | null;
  /** Why Unisender refuses the key. */
  readonly unisender_key_problem: string | null;
  readonly list_id: number | null;
  readonly list_title: string | null;
  readonly webhook: 'active' | 'missing' | 'disabled' | 'unavailable' | null;
  readonly unisender_webhook: 'active' | 'stopped' | 'missing' | null;
  readonly settings: AccountSettingsResponse | null;
  readonly contacts: ContactCounts;
  readonly last_event_at: string | null;
  readonly last_run: RunResponse | null;
  readonly paused: PausedResponse | null;
  readonly events_waiting: number;
  readonly attention: readonly AttentionCode[];
  /** Newest first, 10 at most. */
  readonly failures: readonly WidgetFailure[];
}

/** A buried job of the account. */
export interface WidgetFailure {
  /** A code of docs/ERRORS.md. */
  readonly code: string;
  readonly reason: string;
  readonly failed_at: string;
}

/** Key and settings are saved; the import starts. */
export interface WidgetSavedResponse {
  readonly run_id: string;
  readonly run: RunResponse;
}

/** With `preview=1`: what saving would do. Counts are addresses. */
export interface WidgetPreviewResponse {
  readonly settings: AccountSettingsResponse;
  readonly would_add: number;
  readonly would_remove: number;
}

/** What the administrator can choose in the widget. Without a usable key, what Unisender has is empty. */
export interface WidgetOptionsResponse {
  readonly lists: readonly { readonly id: number; readonly title: string }[];
  readonly unisender_fields: readonly { readonly name: string; readonly type: string }[];
  /** `key` is the code or the id, as the setting `fields` takes it. */
  readonly kommo_fields: readonly { readonly key: string; readonly name: string }[];
  readonly tags: readonly string[];
  readonly users: readonly { readonly id: number; readonly name: string }[];
}

/** The run that the button started or changed, or the number of addresses that are pushed again. */
export type WidgetActionResponse = { readonly run: RunResponse } | { readonly addresses: number };
