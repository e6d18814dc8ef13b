import type { AccountSettingsResponse, RunResponse } from '../../../api/src/operations/operations-responses.js';

/** The response types of the API. That file imports nothing, so the console knows no other code of the service. */
export type * from '../../../api/src/operations/operations-responses.js';

/** `GET /sync/runs?id=`: newest first. */
export interface RunsResponse {
  readonly runs: readonly RunResponse[];
}

/** `GET` and `PATCH /accounts/:account_id/settings`. Counts are addresses. */
export interface SettingsResponse {
  readonly settings: AccountSettingsResponse;
  readonly would_add: number;
  readonly would_remove: number;
  /** The run that applies the change. */
  readonly run_id: string | null;
}

/** `GET /widget/options?account_id=`: what the settings can name. */
export interface OptionsResponse {
  readonly lists: readonly { readonly id: number; readonly title: string }[];
  readonly unisender_fields: readonly { readonly name: string; readonly type: string }[];
  readonly kommo_fields: readonly { readonly key: string; readonly name: string }[];
  readonly tags: readonly string[];
  readonly users: readonly { readonly id: number; readonly name: string }[];
}
