import { Global, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '#config';
import { Clock, Logger, RequestLimiter, WorkMeter } from '#domain';
import { Database } from './database.js';
import { DatabaseRequestLimiter, type LimiterOptions, RequestPatience } from './rate/database-request-limiter.js';
import { rateRules } from './rate/rate-rules.js';
import { ThroughputCounter } from './rate/throughput-counter.js';
import { AccessStore } from './stores/access.store.js';
import { AccountListStore } from './stores/account-list.store.js';
import { AccountStore } from './stores/account.store.js';
import { AddressStore } from './stores/address.store.js';
import { AddressViewStore } from './stores/address-view.store.js';
import { AlertStore } from './stores/alert.store.js';
import { AttentionStore } from './stores/attention.store.js';
import { AuditStore } from './stores/audit.store.js';
import { AuthStateStore } from './stores/auth-state.store.js';
import { ChangeStore } from './stores/change.store.js';
import { ContactFiguresStore } from './stores/contact-figures.store.js';
import { ContactStore } from './stores/contact.store.js';
import { ErasedRefusalStore } from './stores/erased-refusal.store.js';
import { EventStore } from './stores/event.store.js';
import { FailureStore } from './stores/failure.store.js';
import { FigureStore } from './stores/figure.store.js';
import { GapStore } from './stores/gap.store.js';
import { IntegrationStore } from './stores/integration.store.js';
import { LeaseStore } from './stores/lease.store.js';
import { MailingConsentStore } from './stores/mailing-consent.store.js';
import { ManualAddressStore } from './stores/manual-address.store.js';
import { MirrorPurgeStore } from './stores/mirror-purge.store.js';
import { PersonStore } from './stores/person.store.js';
import { PersonViewStore } from './stores/person-view.store.js';
import { PollStore } from './stores/poll.store.js';
import { PurgeStore } from './stores/purge.store.js';
import { PauseStore } from './stores/pause.store.js';
import { PushedAddressStore } from './stores/pushed-address.store.js';
import { RateSlotStore } from './stores/rate-slot.store.js';
import { RemovalStore } from './stores/removal.store.js';
import { RoundStore } from './stores/round.store.js';
import { RunStore } from './stores/run.store.js';
import { SettingsEffectStore } from './stores/settings-effect.store.js';
import { SealedValueStore } from './stores/sealed-value.store.js';
import { ThroughputStore } from './stores/throughput.store.js';
import { WebhookTokenStore } from './stores/webhook-token.store.js';

const LIMITER_OPTIONS = Symbol('options of the request limiter');

const stores = [
  AccessStore,
  AccountListStore,
  AccountStore,
  AddressStore,
  AddressViewStore,
  AlertStore,
  AttentionStore,
  AuditStore,
  AuthStateStore,
  ChangeStore,
  ContactFiguresStore,
  ContactStore,
  ErasedRefusalStore,
  EventStore,
  FailureStore,
  FigureStore,
  GapStore,
  IntegrationStore,
  LeaseStore,
  MailingConsentStore,
  ManualAddressStore,
  MirrorPurgeStore,
  PersonStore,
  PersonViewStore,
  PollStore,
  PurgeStore,
  PushedAddressStore,
  PauseStore,
  RateSlotStore,
  RemovalStore,
  RoundStore,
  RunStore,
  SettingsEffectStore,
  SealedValueStore,
  ThroughputStore,
  WebhookTokenStore,
];

/**
 * Provides {@link Database}, every store, and the {@link RequestLimiter} that all processes share, to every module. Needs Config,
 * Clock and Logger from global modules, and takes a {@link RequestPatience} if there is one; import it after LoggingModule, so that it closes before the log does. It opens the
 * database without migrating it: the start fails with TransientError `database_unavailable` when the server cannot be reached.
 */
@Global()
@Module({
  providers: [
    { provide: Database, inject: [Config, Clock], useFactory: (config: Config, clock: Clock) => Database.open(config.database, { clock }) },
    ...stores,
    ThroughputCounter,
    { provide: WorkMeter, useExisting: ThroughputCounter },
    {
      provide: LIMITER_OPTIONS,
      inject: [Logger, ThroughputCounter, { token: RequestPatience, optional: true }],
      useFactory: (logger: Logger, throughput: ThroughputCounter, patience?: RequestPatience): LimiterOptions => ({
        logger,
        onRequest: (vendor) => throughput.count(`${vendor}_requests`),
        ...patience,
      }),
    },
    {
      provide: RequestLimiter,
      inject: [RateSlotStore, PauseStore, Clock, Config, LIMITER_OPTIONS],
      useFactory: (slots: RateSlotStore, pauses: PauseStore, clock: Clock, config: Config, options: LimiterOptions) =>
        new DatabaseRequestLimiter({ slots, pauses }, clock, rateRules(config), options),
    },
  ],
  exports: [Database, ...stores, RequestLimiter, ThroughputCounter, WorkMeter],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(
    private readonly database: Database,
    private readonly logger: Logger,
  ) {}

  /** Closes the connections, after every module has stopped its work. */
  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
    this.logger.info('database closed');
  }
}
