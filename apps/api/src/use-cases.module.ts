import { type DynamicModule, Global, Module, type Provider } from '@nestjs/common';
import { Config } from '#config';
import { AccountStore, Database, FigureStore, IntegrationStore } from '#database';
import { Clock, Logger } from '#domain';
import { QueueClient } from '#queue';
import {
  AccountHistory,
  AccountQueries,
  AuditLog,
  AuthorizationLinks,
  KommoInbox,
  Installer,
  Integrations,
  KommoContacts,
  PersonalData,
  RunService,
  type Stores,
  type SyncServices,
  UnisenderContacts,
  UnisenderInbox,
  Uninstall,
  WebhookTokens,
  WidgetAuthority,
  WidgetSettings,
  WidgetStatuses,
} from '#sync';

/** The settings that the API reads. */
export type ApiConfig = Pick<
  Config,
  'publicUrl' | 'operatorToken' | 'publicRateLimitPerMinute' | 'kommoAllowedDomains' | 'kommoOauthUrl' | 'trustProxy'
>;

/** The instances that a process builds before Nest starts. */
export interface Composition {
  readonly config: ApiConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly database: Database;
  readonly queue: Pick<QueueClient, 'isReady' | 'listTubeStatistics'>;
  readonly stores: Pick<Stores, 'accounts' | 'figures' | 'integrations'>;
  readonly services: SyncServices;
}

/** One provider per class that the API injects. */
const toProviders = ({ config, clock, logger, database, queue, stores, services }: Composition): Provider[] => [
  { provide: Config, useValue: config },
  { provide: Clock, useValue: clock },
  { provide: Logger, useValue: logger },
  { provide: Database, useValue: database },
  { provide: QueueClient, useValue: queue },
  { provide: AccountStore, useValue: stores.accounts },
  { provide: FigureStore, useValue: stores.figures },
  { provide: IntegrationStore, useValue: stores.integrations },
  { provide: AccountQueries, useValue: services.accounts },
  { provide: AccountHistory, useValue: services.history },
  { provide: AuditLog, useValue: services.audit },
  { provide: WebhookTokens, useValue: services.webhookTokens },
  { provide: KommoInbox, useValue: services.kommoInbox },
  { provide: UnisenderInbox, useValue: services.unisenderInbox },
  { provide: Installer, useValue: services.installer },
  { provide: Integrations, useValue: services.integrations },
  { provide: AuthorizationLinks, useValue: services.authorizationLinks },
  { provide: KommoContacts, useValue: services.kommoContacts },
  { provide: PersonalData, useValue: services.personalData },
  { provide: RunService, useValue: services.runs },
  { provide: UnisenderContacts, useValue: services.unisenderContacts },
  { provide: Uninstall, useValue: services.uninstall },
  { provide: WidgetAuthority, useValue: services.widgetAuthority },
  { provide: WidgetSettings, useValue: services.widget },
  { provide: WidgetStatuses, useValue: services.widgetStatuses },
];

/** Provides ports, stores and use cases to every module, each by its class. */
@Global()
@Module({})
export class UseCasesModule {
  static of(composition: Composition): DynamicModule {
    const providers = toProviders(composition);
    return { module: UseCasesModule, providers, exports: providers };
  }
}
