import { type FactoryProvider, Global, Inject, Module, type OnApplicationShutdown, type Type } from '@nestjs/common';
import { Config } from '#config';
import { Database, RoundStore } from '#database';
import { Clock, Logger } from '#domain';
import { AlertWebhook, MonitoringModule } from '#monitoring';
import { QueueClient, QueueModule } from '#queue';
import {
  AccountSync,
  AlertDelivery,
  AllAccounts,
  BuriedJobs,
  type ComposedSync,
  ContactCensus,
  DisconnectedAccounts,
  EncryptionKeyCheck,
  Retention,
  RunWorker,
  Sweep,
  TokenRenewal,
  WriteBack,
  composeSync,
} from '#sync';

const COMPOSED_SYNC = Symbol('ComposedSync');

const composition: FactoryProvider<ComposedSync> = {
  provide: COMPOSED_SYNC,
  inject: [Config, Clock, Logger, QueueClient],
  useFactory: (config: Config, clock: Clock, logger: Logger, queue: QueueClient) => composeSync(config, { clock, logger }, queue),
};

/** Provides a part of the composition by its class. */
const expose = <Part>(provide: Type<Part>, find: (sync: ComposedSync) => Part): FactoryProvider<Part> => ({
  provide,
  inject: [COMPOSED_SYNC],
  useFactory: find,
});

const parts: readonly FactoryProvider[] = [
  expose(Database as unknown as Type<Database>, ({ context }) => context.database),
  expose(RoundStore, ({ context }) => context.stores.rounds),
  expose(AccountSync, ({ services }) => services.accountSync),
  expose(AllAccounts, ({ services }) => services.allAccounts),
  expose(BuriedJobs, ({ services }) => services.buriedJobs),
  expose(ContactCensus, ({ services }) => services.census),
  expose(EncryptionKeyCheck, ({ services }) => services.keyCheck),
  expose(Retention, ({ services }) => services.retention),
  expose(RunWorker, ({ services }) => services.runWorker),
  expose(Sweep, ({ services }) => services.sweep),
  expose(TokenRenewal, ({ services }) => services.tokenRenewal),
  expose(DisconnectedAccounts, ({ services }) => services.disconnectedAccounts),
  expose(WriteBack, ({ services }) => services.writeBack),
  {
    provide: AlertDelivery,
    inject: [COMPOSED_SYNC, AlertWebhook],
    useFactory: ({ context: { stores, clock, logger } }: ComposedSync, webhook: AlertWebhook) =>
      new AlertDelivery(stores.alerts, webhook, clock, logger),
  },
];

const providers = [composition, ...parts];

/** Provides the use cases that `composeSync` builds, each by its class, with database and vendors below them. */
@Global()
@Module({ imports: [QueueModule, MonitoringModule], providers, exports: [...providers, MonitoringModule] })
export class ComposedSyncModule implements OnApplicationShutdown {
  constructor(@Inject(COMPOSED_SYNC) private readonly sync: ComposedSync) {}

  /** Closes vendor clients and database. */
  async onApplicationShutdown(): Promise<void> {
    await this.sync.close();
  }
}
