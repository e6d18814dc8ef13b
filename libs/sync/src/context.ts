import type {
  AccessStore,
  AccountStore,
  AddressStore,
  AlertStore,
  AuditStore,
  AuthStateStore,
  ContactFiguresStore,
  ContactStore,
  Database,
  EventStore,
  FailureStore,
  FigureStore,
  IntegrationStore,
  LeaseStore,
  PersonStore,
  PurgeStore,
  RoundStore,
  RunStore,
  SealedValueStore,
  MailingConsentStore,
} from '#database';
import type { Clock, JobQueue, Logger } from '#domain';
import type { KommoClient } from '#kommo';
import type { Keyring, StateSigner } from '#secrets';
import type { UnisenderClient } from '#unisender';

/** Everything that is kept, one store per concern, all over one database. */
export interface Stores {
  readonly integrations: IntegrationStore;
  readonly accounts: AccountStore;
  readonly leases: LeaseStore;
  readonly accesses: AccessStore;
  /** What operators did. */
  readonly audit: AuditStore;
  readonly authStates: AuthStateStore;
  readonly failures: FailureStore;
  /** The mirror of Kommo. */
  readonly contacts: ContactStore;
  /** The mirror of Unisender. */
  readonly addresses: AddressStore;
  readonly consents: MailingConsentStore;
  readonly events: EventStore;
  readonly runs: RunStore;
  /** Everything that the keyring sealed, wherever it stands. */
  readonly sealedValues: SealedValueStore;
  readonly purges: PurgeStore;
  /** What is kept about the owner of one address. */
  readonly people: PersonStore;
  readonly alerts: AlertStore;
  readonly rounds: RoundStore;
  readonly figures: FigureStore;
  readonly contactFigures: ContactFiguresStore;
}

/** What of the configuration the use cases depend on. */
export interface SyncConfig {
  readonly publicUrl: string;
  readonly kommoOauthUrl: string;
  readonly kommoAllowedDomains: readonly string[];
  readonly sweepSeconds: number;
  readonly tokenRenewWithinHours: number;
  readonly reconcileDeleteLimitPercent: number;
  readonly unisenderExportPollMs: number;
  readonly uninstallGraceDays: number;
  readonly historyKeepDays: number;
  readonly auditKeepDays: number;
}

/** What every use case is built from. */
export interface SyncContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly database: Database;
  readonly stores: Stores;
  readonly keyring: Keyring;
  /** Signs the `state` of the consent flow; made from the encryption key. */
  readonly stateSigner: StateSigner;
  readonly kommo: KommoClient;
  readonly unisender: UnisenderClient;
  readonly queue: JobQueue;
  readonly config: SyncConfig;
}
