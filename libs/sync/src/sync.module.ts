import { Module, type Type } from '@nestjs/common';
import { DatabaseModule } from '#database';
import { KommoClientModule } from '#kommo';
import { MonitoringModule } from '#monitoring';
import { QueueModule } from '#queue';
import { UnisenderClientModule } from '#unisender';
import { AccountActivity } from './accounts/account-activity.js';
import { AccessCheck } from './accounts/access-check.js';
import { AccountApproval } from './accounts/account-approval.js';
import { AccountGate } from './accounts/account-gate.js';
import { AccountHistory } from './accounts/account-history.js';
import { AccountQueries } from './accounts/account-queries.js';
import { AccountSetup } from './accounts/account-setup.js';
import { AccountViews } from './accounts/account-views.js';
import { AddressViews } from './accounts/address-views.js';
import { AttentionList } from './accounts/attention-list.js';
import { ContactCounter } from './accounts/contact-counter.js';
import { AuthorizationCallbacks } from './accounts/authorization-callbacks.js';
import { AuthorizationLinks } from './accounts/authorization-links.js';
import { AuthorizationStates } from './accounts/authorization-states.js';
import { CodeExchangeQueue } from './accounts/code-exchange-queue.js';
import { AuthorizationAlerts, InstalledAccounts } from './accounts/installed-accounts.js';
import { AccountConnection, Installer } from './accounts/installer.js';
import { Integrations } from './accounts/integrations.js';
import { KommoContacts } from './accounts/kommo-contacts.js';
import { KommoWebhooks } from './accounts/kommo-webhooks.js';
import { SettingsChanges } from './accounts/settings-changes.js';
import { AccountDisconnection, PendingUninstalls, Uninstall } from './accounts/uninstall.js';
import { OperatorChanges, UnisenderContacts } from './accounts/unisender-contacts.js';
import { PersonLookup } from './accounts/person-lookup.js';
import { Resync } from './accounts/resync.js';
import { UnisenderAccounts } from './accounts/unisender-accounts.js';
import { UnisenderKeyCheck } from './accounts/unisender-key-check.js';
import { UnisenderWebhooks } from './accounts/unisender-webhooks.js';
import { VendorWebhooks } from './accounts/vendor-webhooks.js';
import { WebhookUrls } from './accounts/webhook-urls.js';
import { WidgetActions } from './accounts/widget-actions.js';
import { WidgetAdministrators } from './accounts/widget-administrators.js';
import { WidgetAuthority } from './accounts/widget-authority.js';
import { WidgetOptions } from './accounts/widget-options.js';
import { WidgetPreview } from './accounts/widget-preview.js';
import { WidgetSettings } from './accounts/widget-settings.js';
import { WidgetStatuses } from './accounts/widget-statuses.js';
import { AccountCauses, AlertCauses } from './alerts/alert-causes.js';
import { AlertDelivery } from './alerts/alert-delivery.js';
import { AlertMessages } from './alerts/alert-messages.js';
import { DiskProbe } from './alerts/disk-probe.js';
import { RefusedKeys } from './alerts/refused-keys.js';
import { LastingCauses, ServiceMonitor } from './alerts/service-monitor.js';
import { WebhookOutages } from './alerts/webhook-outages.js';
import { WorkerWatch } from './alerts/worker-watch.js';
import { ConsentApplier } from './intake/consent-applier.js';
import { ContactApplier } from './intake/contact-applier.js';
import { ContactReader } from './intake/contact-reader.js';
import { ContactRereader } from './intake/contact-rereader.js';
import { EmailKindDictionary } from './intake/email-kind-dictionary.js';
import { EventApplier } from './intake/event-applier.js';
import { EventRecorder } from './intake/event-recorder.js';
import { JobEnqueuer } from './intake/job-enqueuer.js';
import { KommoInbox, MissedChanges } from './intake/kommo-inbox.js';
import { KommoPolling } from './intake/kommo-polling.js';
import { MirrorWriter, OutdatedContents } from './intake/mirror-writer.js';
import { SignedHookReader, StoredConsents, UnisenderInbox } from './intake/unisender-inbox.js';
import { PlannedRereads } from './intake/planned-rereads.js';
import { WaitingQuota } from './intake/waiting-quota.js';
import { WebhookTokens } from './intake/webhook-tokens.js';
import { AccountRounds } from './maintenance/account-rounds.js';
import { AllAccounts } from './maintenance/all-accounts.js';
import { AuditLog } from './maintenance/audit-log.js';
import { BuriedJobs, JobFailures } from './maintenance/buried-jobs.js';
import { ContactCensus } from './maintenance/contact-census.js';
import { AccountPurge, DisconnectedAccount, DisconnectedAccounts } from './maintenance/disconnected-accounts.js';
import { AccountJobs, DueAccounts, SweptAccounts } from './maintenance/due-accounts.js';
import { EncryptionKeyCheck } from './maintenance/encryption-key-check.js';
import { KeyRotation } from './maintenance/key-rotation.js';
import { Pauses } from './maintenance/pauses.js';
import { MirrorRetention } from './maintenance/mirror-retention.js';
import { AccountErasure, ErasureRemains, PersonalData } from './maintenance/personal-data.js';
import { Restoration } from './maintenance/restoration.js';
import { Reconnection } from './maintenance/reconnection.js';
import { ExpiredRows } from './maintenance/expired-rows.js';
import { HistoryRetention, LimitRetention, Retention } from './maintenance/retention.js';
import { StaleRuns, Sweep } from './maintenance/sweep.js';
import { UnisenderErasure } from './maintenance/unisender-erasure.js';
import { WebhookRotation } from './maintenance/webhook-rotation.js';
import { LastingTrouble } from './maintenance/lasting-trouble.js';
import { WebhookWatchdog } from './maintenance/webhook-watchdog.js';
import { AccountLeases, FencedTransactions, RequestedJobs } from './push/account-lease.js';
import { AccountSync, AddressFlusher, EventFollower } from './push/account-sync.js';
import { AccountFailures, AccountWorkEnd, AccountWorkRunner } from './push/account-work.js';
import { AddressLooker } from './push/address-looker.js';
import { AddressPusher, PushPlanner, PushReports, WriteBackRequests } from './push/address-pusher.js';
import { AddressRemover, RemovalLooks } from './push/address-remover.js';
import { ConsentGate, ErasedRefusals } from './push/consent-gate.js';
import { AddressVerifier, DueAddressWork } from './push/due-address-work.js';
import { ExportReader, ShownAddresses } from './push/export-reader.js';
import { ExportTasks } from './push/export-tasks.js';
import { FormerConsents, FormerUnisenderAccount } from './push/former-unisender-account.js';
import { JobContinuation } from './push/job-continuation.js';
import { ListKeeper } from './push/list-keeper.js';
import { ListWriter } from './push/list-writer.js';
import { ManualAddresses, ManualCalls } from './push/manual-addresses.js';
import { ParkedRetries, Preparation } from './push/preparation.js';
import { RemovalGate, WaitingRuns } from './push/removal-gate.js';
import { ContactTagger, WriteBack } from './push/write-back.js';
import { FinishPhase, RemovePhase, VerifyPhase } from './runs/closing-phases.js';
import { EvaluatePhase, MirrorEvaluation } from './runs/evaluate-phase.js';
import { GapRuns } from './runs/gap-runs.js';
import { PageApplier } from './runs/page-applier.js';
import { PreparePhase } from './runs/prepare-phase.js';
import { Preview } from './runs/preview.js';
import { ReadPhase } from './runs/read-phase.js';
import { RunProgress } from './runs/run-progress.js';
import { RunPusher } from './runs/run-pusher.js';
import { NewRuns, RunDecisions, RunService } from './runs/run-service.js';
import { MirrorPhases, RunPhases, RunSlice } from './runs/run-slice.js';
import { RunTransitions } from './runs/run-transitions.js';
import { RunWorker } from './runs/run-worker.js';
import { SettingsRuns } from './runs/settings-runs.js';
import { SecretsModule } from './secrets.module.js';
import { AccountChecks } from './system/account-checks.js';
import { ChangeReader } from './system/changes.js';
import { DatabaseChecks } from './system/database-checks.js';
import { EnvironmentChecks } from './system/environment-checks.js';
import { Overview } from './system/overview.js';
import { QueueChecks } from './system/queue-checks.js';
import { ScheduleCheck } from './system/schedule-check.js';
import { SystemChecks } from './system/system-checks.js';
import { WorkRates } from './system/work-rates.js';
import { AccountHosts } from './tokens/account-hosts.js';
import { ExclusiveRefresh } from './tokens/exclusive-refresh.js';
import { OAuthClients } from './tokens/oauth-clients.js';
import { RefreshResults } from './tokens/refresh-results.js';
import { TokenRefresh } from './tokens/token-refresh.js';
import { TokenRenewal } from './tokens/token-renewal.js';
import { TokenService } from './tokens/token-service.js';
import { TokenVault } from './tokens/token-vault.js';

/** Webhooks → events → the mirror. */
const intake: Type[] = [
  ConsentApplier,
  ContactApplier,
  ContactReader,
  ContactRereader,
  EmailKindDictionary,
  EventApplier,
  EventRecorder,
  JobEnqueuer,
  KommoInbox,
  KommoPolling,
  MirrorWriter,
  OutdatedContents,
  MissedChanges,
  PlannedRereads,
  SignedHookReader,
  StoredConsents,
  UnisenderInbox,
  WaitingQuota,
  WebhookTokens,
];

/** The mirror → Unisender, under the account's lease. */
const push: Type[] = [
  AccountFailures,
  AccountLeases,
  AccountSync,
  AccountWorkEnd,
  AccountWorkRunner,
  AddressFlusher,
  AddressLooker,
  AddressPusher,
  AddressRemover,
  AddressVerifier,
  ConsentGate,
  ContactTagger,
  DueAddressWork,
  EventFollower,
  ExportReader,
  ExportTasks,
  FencedTransactions,
  FormerConsents,
  FormerUnisenderAccount,
  JobContinuation,
  ListKeeper,
  ErasedRefusals,
  ListWriter,
  ManualAddresses,
  ManualCalls,
  ParkedRetries,
  Preparation,
  RemovalGate,
  PushPlanner,
  PushReports,
  RemovalLooks,
  RequestedJobs,
  ShownAddresses,
  WaitingRuns,
  WriteBack,
  WriteBackRequests,
];

/** Imports, reconciliations and previews. */
const runs: Type[] = [
  EvaluatePhase,
  FinishPhase,
  GapRuns,
  MirrorEvaluation,
  MirrorPhases,
  NewRuns,
  PageApplier,
  PreparePhase,
  Preview,
  ReadPhase,
  RemovePhase,
  RunDecisions,
  RunPhases,
  RunProgress,
  RunPusher,
  RunService,
  RunSlice,
  RunTransitions,
  RunWorker,
  SettingsRuns,
  VerifyPhase,
];

/** Installation, settings and webhooks of accounts. */
const accounts: Type[] = [
  AccountApproval,
  AccountActivity,
  AccessCheck,
  AccountConnection,
  AccountDisconnection,
  AccountGate,
  AccountHistory,
  AccountQueries,
  AccountSetup,
  AccountViews,
  AddressViews,
  AttentionList,
  AuthorizationCallbacks,
  ContactCounter,
  AuthorizationLinks,
  AuthorizationAlerts,
  AuthorizationStates,
  CodeExchangeQueue,
  InstalledAccounts,
  Installer,
  Integrations,
  KommoContacts,
  KommoWebhooks,
  OperatorChanges,
  PersonLookup,
  SettingsChanges,
  PendingUninstalls,
  Uninstall,
  UnisenderAccounts,
  UnisenderContacts,
  UnisenderKeyCheck,
  UnisenderWebhooks,
  VendorWebhooks,
  WebhookUrls,
  WidgetActions,
  WidgetAdministrators,
  WidgetAuthority,
  WidgetOptions,
  WidgetPreview,
  WidgetSettings,
  WidgetStatuses,
  Resync,
];

/** Tokens of Kommo. */
const tokens: Type[] = [AccountHosts, ExclusiveRefresh, OAuthClients, RefreshResults, TokenRefresh, TokenRenewal, TokenService, TokenVault];

/** What the schedules and the operator start. */
const maintenance: Type[] = [
  AccountErasure,
  AccountJobs,
  AccountPurge,
  AccountRounds,
  AllAccounts,
  LastingTrouble,
  AuditLog,
  BuriedJobs,
  ContactCensus,
  DisconnectedAccount,
  DisconnectedAccounts,
  DueAccounts,
  EncryptionKeyCheck,
  ErasureRemains,
  ExpiredRows,
  HistoryRetention,
  JobFailures,
  KeyRotation,
  LimitRetention,
  Pauses,
  MirrorRetention,
  PersonalData,
  Reconnection,
  Restoration,
  Retention,
  StaleRuns,
  Sweep,
  SweptAccounts,
  UnisenderErasure,
  WebhookRotation,
  WebhookWatchdog,
];

/** Alerts, their recoveries, and what watches for them. */
const alerting: Type[] = [
  AccountCauses,
  AlertCauses,
  AlertDelivery,
  AlertMessages,
  DiskProbe,
  LastingCauses,
  RefusedKeys,
  ServiceMonitor,
  WebhookOutages,
  WorkerWatch,
];

/** What the operator sees of the installation. */
const system: Type[] = [
  AccountChecks,
  ChangeReader,
  DatabaseChecks,
  EnvironmentChecks,
  Overview,
  QueueChecks,
  ScheduleCheck,
  SystemChecks,
  WorkRates,
];

/** What the apps use. */
const useCases: Type[] = [
  AccountApproval,
  AddressViews,
  Resync,
  AccountGate,
  AccountHistory,
  AccountQueries,
  AccountSync,
  AlertDelivery,
  AllAccounts,
  AttentionList,
  AuditLog,
  AuthorizationLinks,
  BuriedJobs,
  ChangeReader,
  ContactCensus,
  DisconnectedAccounts,
  EncryptionKeyCheck,
  Installer,
  Integrations,
  KeyRotation,
  KommoContacts,
  KommoInbox,
  Overview,
  Pauses,
  PersonLookup,
  PersonalData,
  Restoration,
  RefusedKeys,
  Retention,
  RunService,
  RunWorker,
  ServiceMonitor,
  SettingsChanges,
  Sweep,
  SystemChecks,
  TokenRenewal,
  TokenService,
  Uninstall,
  UnisenderContacts,
  UnisenderInbox,
  WebhookOutages,
  WebhookRotation,
  WebhookTokens,
  WorkerWatch,
  WidgetActions,
  WidgetAdministrators,
  WidgetAuthority,
  WidgetOptions,
  WidgetPreview,
  WidgetSettings,
  WidgetStatuses,
  WriteBack,
];

/** Provides the use cases of the service, each by its class. Needs Config, Clock and Logger from global modules. */
@Module({
  imports: [DatabaseModule, SecretsModule, QueueModule, KommoClientModule, UnisenderClientModule, MonitoringModule],
  providers: [...intake, ...push, ...runs, ...accounts, ...tokens, ...maintenance, ...alerting, ...system],
  exports: [...useCases, SecretsModule, QueueModule, MonitoringModule],
})
export class SyncModule {}
