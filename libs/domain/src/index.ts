export { type AccessScope, isNarrowerScope } from './access-scope.js';
export {
  type AccountFacts,
  type AccountHindrance,
  type AccountRequest,
  type AccountUse,
  findAccountHindrance,
  hasUsableUnisenderKey,
  requireUsableAccount,
  toAccountBlockedError,
} from './account-access.js';
export { type AttentionCode, listAttention } from './account-attention.js';
export {
  type AccountSettings,
  type AccountSettingsView,
  addressKinds,
  defaultAccountSettings,
  type DeletePolicy,
  haveSameContent,
  parseSettingsPatch,
  readStoredSettings,
  type SettingsPatch,
  toSettingsView,
  toStoredSettings,
} from './account-settings.js';
export { type AccountStatus, accountStatuses, accountStatusesBefore } from './account-status.js';
export {
  type ActionRecord,
  type AddressAction,
  type AddressHolder,
  type AddressOrigin,
  type AddressRecord,
  type AddressState,
  decideAddress,
  decideRemoval,
  type DirtyCause,
  type ExpectedOutcome,
  expectOutcome,
  OUTCOME_UNKNOWN,
  type Parking,
  type ParkStep,
  type Removal,
  type RemovalMark,
  type SharedUse,
  type ShownPlace,
} from './address-action.js';
export {
  type Alert,
  ALERT_DELIVERY_LIMIT_MS,
  ALERT_KEPT_MS,
  type AlertDetails,
  type AlertKind,
  alertKinds,
  alertRetryDelayMs,
  alerts,
  consolePageOf,
  type DiskSpace,
  hasOwnAlert,
  isDiskNearlyFull,
  LASTING_PAUSE_MS,
  toAlertText,
  toRecoveryText,
  waitAlertCodes,
  WORKER_SILENCE_MS,
} from './alert.js';
export { AuthorisedAccount, type Caller } from './authorised-account.js';
export { type BodyLimits, type BodyObject, type BodyValue, hookBodyLimits, isDangerousName } from './body-limits.js';
export { Clock } from './clock.js';
export { type ConsentEffect, type ConsentEvent, type EventContext, readConsentEvent } from './consent-event.js';
export type { ContactAction, ContactChange } from './contact-change.js';
export {
  type ContactAddress,
  type ContactContent,
  type EmailKinds,
  hashContent,
  hashOfPush,
  hashSnapshot,
  resolveKind,
  toContactContent,
  toTagKey,
  toTagPattern,
  toTagsKey,
} from './contact-content.js';
export {
  type ChangeDecision,
  decideChange,
  decideReread,
  type ListedVersion,
  type MirrorVersion,
  type RereadCase,
  type RereadDecision,
  type SortedPage,
  sortPage,
} from './contact-order.js';
export {
  type AddressKind,
  type ContactSnapshot,
  packSnapshot,
  readPackedSnapshot,
  type SnapshotEmail,
  type StoredSnapshot,
  toStoredSnapshot,
} from './contact-snapshot.js';
export { type CountStep, nextCountStep } from './count-search.js';
export { type AccessState, decideDisconnection, decideUninstall, type DisconnectionSteps } from './disconnection.js';
export { type InvalidAddressReason, parseAddress, type ParsedAddress } from './email-address.js';
export { type ErrorCode, type ErrorKind, type ErrorRule, errorCodes, errorRuleOf } from './error-registry.js';
export {
  AccountBlockedError,
  BugError,
  errorCodeOf,
  type FieldProblem,
  hasErrorCode,
  InvalidInputError,
  isDeferral,
  ServiceError,
  toBareError,
  TooManyRequestsError,
  TransientError,
} from './errors.js';
export { type Backlog, isFlushDue, MAX_ROWS_PER_CALL } from './flush-policy.js';
export { parseFormBody } from './form-body.js';
export { FormKeys } from './form-keys.js';
export { GAP_RUN_INTERVAL_MS, isGapRunDue } from './gap.js';
export { chunksOf, groupBy } from './group-by.js';
export { toIsoTime } from './iso-time.js';
export { JobQueue, type PutJobOptions } from './job-queue.js';
export {
  accountIdOf,
  type Job,
  jobKindOf,
  type JobPayload,
  type JobPayloads,
  parseJobPayload,
  type TtrSeconds,
  type Tube,
  tubes,
} from './jobs.js';
export { parseJsonBody } from './json-body.js';
export { findJsonExcess, type JsonLimits, parseJsonWithin } from './json-limits.js';
export { listLastingTrouble, type ProgressFacts } from './lasting-trouble.js';
export { chooseList, type ListChoice, type ListRequest, type ListSetting, listSettingOf, type NamedList } from './list-choice.js';
export { decideListVerdict, explainVerdict, type ListFacts, type ListVerdict } from './list-verdict.js';
export { type LogFields, Logger, silentLogger } from './logger.js';
export {
  addRefusals,
  addShownRefusals,
  CLOCK_TOLERANCE_MS,
  consentOf,
  type ConsentView,
  equalRefusals,
  isRefusal,
  latestPutMs,
  learnFromView,
  type MailingConsent,
  noRefusals,
  type OurLists,
  type Refusal,
  type RefusalKind,
  refusalOfStatus,
  type Refusals,
  type RefusalScope,
  viewOfContact,
  viewOfExport,
} from './mailing-consent.js';
export {
  AGREEING_CODES,
  AGREEMENT_MS,
  decidePause,
  decideRecheck,
  decideVendorPause,
  findPauseScope,
  LONGEST_PAUSE_MS,
  type PauseScope,
  type PauseSpan,
  UNTIL_LIFTED_MS,
  type Vendor,
  type VendorRefusal,
  vendors,
} from './pause.js';
export {
  explainResponse,
  fieldsToSend,
  isFinalRefusal,
  originOfFirst,
  type RejectedCodes,
  type ResponseCounts,
  showsValues,
  UNEXPLAINED,
  writtenAfter,
} from './push-result.js';
export {
  formerListsOf,
  isCreatedByOthers,
  isInDoubtAtRemoval,
  possiblyPut,
  type ParkedAddress,
  type PushBase,
  type PushedAddress,
  pushedByDelete,
  pushedByExclude,
  pushedByPut,
  pushedByRefusal,
  type PutResult,
  type Refused,
  toPushedAddress,
} from './pushed-address.js';
export { parkDelayMs, unavailableDelayMs } from './retry-delay.js';
export { POLL_INTERVAL_MS } from './poll-interval.js';
export { RequestLimiter } from './request-limiter.js';
export {
  type Attempt,
  backOffSeconds,
  type Continuation,
  decideDisposition,
  type Disposition,
  findContinuation,
  type RetryPolicy,
  standardRetry,
} from './retry-policy.js';
export { FREE_REMOVALS, isUncountedCause, needsConfirmation, type PlannedRemovals } from './removal-limit.js';
export {
  activeStates,
  estimateEtaSeconds,
  isFinal,
  type RunMode,
  runModes,
  type RunPhase,
  type RunState,
  runStates,
  type RunTrigger,
  statesBefore,
} from './run-state.js';
export { Secret } from './secret.js';
export { compareSetups, type NewSetup, type SetupChange, type StoredSetup } from './setup-change.js';
export { nextSweptJob, type SweptJob } from './sweep-pause.js';
export { decideErasure, type ErasureAction } from './unisender-erasure.js';
export { isRecord, parseJson, toItems, toPositiveInteger, toText, type UnknownRecord, valueAt } from './unknown-value.js';
export { findUrl } from './url.js';
export { type JobAttempt, silentMeter, type VendorCall, WorkMeter } from './work-meter.js';
