import type * as accounts from '../accounts/accounts-responses.js';
import type { LivenessResponse, ReadinessResponse } from '../health/health-responses.js';
import type * as kommo from '../kommo/kommo-responses.js';
import type * as operations from '../operations/operations-responses.js';
import type * as unisender from '../unisender/unisender-responses.js';
import type * as webhooks from '../webhooks/webhooks-responses.js';

/** The runs of an account, newest first. */
export interface RunsResponse {
  readonly runs: readonly operations.RunResponse[];
}

/**
 * The type of each response, by the name that `@Documented` uses. The build writes their JSON Schemas, with their comments, for the
 * OpenAPI document. These files import nothing but each other, so that the build reads them fast.
 */
export interface ApiTypes {
  readonly EraseResponse: operations.EraseResponse;
  readonly EventsResponse: operations.EventsResponse;
  readonly ExportResponse: operations.ExportResponse;
  readonly FailuresResponse: operations.FailuresResponse;
  readonly JobActionResponse: operations.JobActionResponse;
  readonly KickResponse: operations.KickResponse;
  readonly OverviewResponse: operations.OverviewResponse;
  readonly PauseLiftedResponse: operations.PauseLiftedResponse;
  readonly PauseSetResponse: operations.PauseSetResponse;
  readonly PausesResponse: operations.PausesResponse;
  readonly PeekResponse: operations.PeekResponse;
  readonly PersonResponse: operations.PersonResponse;
  readonly QueuesResponse: operations.QueuesResponse;
  readonly ResyncResponse: operations.ResyncResponse;
  readonly SystemResponse: operations.SystemResponse;
  readonly TubePauseResponse: operations.TubePauseResponse;
  readonly AccountDetailsResponse: operations.AccountDetailsResponse;
  readonly AccountsResponse: operations.AccountsResponse;
  readonly AddressesResponse: operations.AddressesResponse;
  readonly AuditResponse: operations.AuditResponse;
  readonly ChangedContactsResponse: unisender.ChangedContactsResponse;
  readonly ConnectedResponse: kommo.ConnectedResponse;
  readonly FoundContactResponse: unisender.FoundContactResponse;
  readonly IntegrationResponse: kommo.IntegrationResponse;
  readonly KommoContactsResponse: kommo.KommoContactsResponse;
  readonly KommoHookResponse: webhooks.KommoHookResponse;
  readonly LivenessResponse: LivenessResponse;
  readonly ReadinessResponse: ReadinessResponse;
  readonly RunResponse: operations.RunResponse;
  readonly RunsResponse: RunsResponse;
  readonly SettingsChange: accounts.SettingsChange;
  readonly SettingsEffectResponse: accounts.SettingsEffectResponse;
  readonly SetupResponse: kommo.SetupResponse;
  /** The sum, in a list of one number. */
  readonly SumResponse: readonly number[];
  readonly UnisenderHookResponse: webhooks.UnisenderHookResponse;
  readonly WidgetActionResponse: accounts.WidgetActionResponse;
  readonly WidgetOptionsResponse: accounts.WidgetOptionsResponse;
  readonly WidgetSaveResponse: accounts.WidgetSavedResponse | accounts.WidgetPreviewResponse;
  readonly WidgetStatusResponse: accounts.WidgetStatusResponse;
}

/** The name of a response type. */
export type ApiTypeName = keyof ApiTypes;
