export { type DatabaseLocation, type MysqlLocation, type SqliteLocation, createDataSource } from './data-source.js';
export { ConflictError, DuplicateKeyError } from './database-errors.js';
export { Database, type DatabaseOptions } from './database.js';
export { type BackupManifest, type OpenedBackup, type SecretFiles, createBackup, openBackup } from './copy/backup-file.js';
export { copyBeforeUpgrade } from './copy/upgrade-copy.js';
export { replaceSqliteDatabase } from './copy/sqlite-files.js';
export { type CopiedTable, DatabaseCopy } from './copy/database-copy.js';
export { DatabaseSession, type DatabaseKind, type SqlValue, type TransactionOptions } from './session.js';
export {
  AccessEntity,
  AccountEntity,
  AddressEntity,
  AlertEntity,
  AuditEntity,
  type BaselineState,
  ContactEntity,
  EventEntity,
  type EventSource,
  type EventState,
  FailureEntity,
  IntegrationEntity,
  PauseEntity,
  RunEntity,
  ThroughputEntity,
  type ThroughputName,
  type UnisenderWebhookState,
  type WebhookState,
  WebhookTokenEntity,
  type WebhookVendor,
  type WorkTotalEntity,
} from './entities/index.js';
export { AccessStore, type SealedPair } from './stores/access.store.js';
export { type AccountFilter, type AccountPatch, AccountStore, type InstalledAccount, type PendingAccount } from './stores/account.store.js';
export { AccountListStore } from './stores/account-list.store.js';
export { AddressStore, type DirtyAddress, type DirtyBacklog, type ExportedAddress } from './stores/address.store.js';
export { AddressViewStore, type ListPosition, type ListedAddress, type ListedState, addressStates } from './stores/address-view.store.js';
export { AlertStore, type DueAlert } from './stores/alert.store.js';
export { type AttentionCandidate, AttentionStore } from './stores/attention.store.js';
export { type AuditFilter, AuditStore } from './stores/audit.store.js';
export { AuthStateStore } from './stores/auth-state.store.js';
export { type AccountMark, ChangeStore } from './stores/change.store.js';
export { type ContactFigures, ContactFiguresStore, type ContactRange, noContacts } from './stores/contact-figures.store.js';
export {
  ContactStore,
  type ContactVersion,
  type MirrorChange,
  type StoredContact,
  type StoredVersion,
  type UnseenRange,
} from './stores/contact.store.js';
export {
  type DeferredEvent,
  type AccountEvent,
  type EventFilter,
  type EventPage,
  EventStore,
  type EventView,
  type NewEvent,
  type SettledEvent,
  type WaitingEvent,
} from './stores/event.store.js';
export { type ErasedRefusal, ErasedRefusalStore } from './stores/erased-refusal.store.js';
export { type FailureFilter, FailureStore } from './stores/failure.store.js';
export { type DatabaseFigures, FigureStore } from './stores/figure.store.js';
export { GapStore, type OpenGap } from './stores/gap.store.js';
export { IntegrationStore, type NewIntegration } from './stores/integration.store.js';
export { LeaseStore } from './stores/lease.store.js';
export { MailingConsentStore, type PendingWriteBack } from './stores/mailing-consent.store.js';
export { ManualAddressStore } from './stores/manual-address.store.js';
export { type HeldAddress, type HeldContact, type HeldEvent, type HeldPerson, PersonStore } from './stores/person.store.js';
export { PersonViewStore, type ShownContact, type ShownHolding } from './stores/person-view.store.js';
export { PurgeStore } from './stores/purge.store.js';
export { type NewPause, PauseStore } from './stores/pause.store.js';
export { PollStore } from './stores/poll.store.js';
export { type DueAddresses, PushedAddressStore, type ShownAddress } from './stores/pushed-address.store.js';
export { RateSlotStore, type SlotMove } from './stores/rate-slot.store.js';
export { type PlannedScope, RemovalStore } from './stores/removal.store.js';
export { RoundStore } from './stores/round.store.js';
export { type SettingsEffect, SettingsEffectStore } from './stores/settings-effect.store.js';
export { MirrorPurgeStore } from './stores/mirror-purge.store.js';
export { type NewRun, type RunCounts, type RunPatch, RunStore } from './stores/run.store.js';
export { SealedValueStore, type SealedColumn, type SealedValue, canaryColumn, sealedColumns } from './stores/sealed-value.store.js';
export { type NewWebhookToken, WebhookTokenStore } from './stores/webhook-token.store.js';
export { SPAN_MS, ThroughputStore } from './stores/throughput.store.js';
export { DatabaseModule } from './database.module.js';
export { DatabaseRequestLimiter, RequestPatience } from './rate/database-request-limiter.js';
export { ThroughputCounter } from './rate/throughput-counter.js';
export type { RateRule } from './rate/plan-reservation.js';
export { type VendorLimits, isLimited, rateRules, strictRule } from './rate/rate-rules.js';
