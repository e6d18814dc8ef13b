import { hostname } from 'node:os';
import { type FactoryProvider, Global, Inject, Module, type OnApplicationShutdown, type Type } from '@nestjs/common';
import { Config } from '#config';
import { Database, RoundStore } from '#database';
import { Clock, Logger } from '#domain';
import { AlertWebhook, CronitorClient } from '#monitoring';
import { QueueClient, QueueModule } from '#queue';
import {
  AccountSync,
  AlertDelivery,
  AllAccounts,
  BuriedJobs,
  type ComposedSync,
  ContactCensus,
  EncryptionKeyCheck,
  Retention,
  RunWorker,
  Sweep,
  TokenService,
  Uninstall,
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

/** Both are undefined unless they are configured. */
const monitors: readonly FactoryProvider[] = [
  {
    provide: CronitorClient,
    inject: [Config, Clock, Logger],
    useFactory: ({ cronitorApiKey: apiKey, cronitorUrl: baseUrl }: Config, clock: Clock, logger: Logger) =>
      apiKey && new CronitorClient({ clock, logger, baseUrl, apiKey, host: hostname() }),
  },
  {
    provide: AlertWebhook,
    inject: [Config, Clock, Logger],
    useFactory: ({ alertWebhookUrl: url }: Config, clock: Clock, logger: Logger) => url && new AlertWebhook({ clock, logger, url }),
  },
];

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
  expose(TokenService, ({ services }) => services.tokens),
  expose(Uninstall, ({ services }) => services.uninstall),
  expose(WriteBack, ({ services }) => services.writeBack),
  {
    provide: AlertDelivery,
    inject: [COMPOSED_SYNC, AlertWebhook],
    useFactory: ({ context }: ComposedSync, webhook: AlertWebhook | undefined) => new AlertDelivery(context, webhook),
  },
];

const providers = [...monitors, composition, ...parts];

/** Provides the use cases that `composeSync` builds, each by its class, with database, vendors and monitors below them. */
@Global()
@Module({ imports: [QueueModule], providers, exports: providers })
export class ComposedSyncModule implements OnApplicationShutdown {
  constructor(
    @Inject(COMPOSED_SYNC) private readonly sync: ComposedSync,
    @Inject(CronitorClient) private readonly cronitor: CronitorClient | undefined,
    @Inject(AlertWebhook) private readonly alertWebhook: AlertWebhook | undefined,
  ) {}

  /** Closes monitors, vendor clients and database. */
  async onApplicationShutdown(): Promise<void> {
    this.alertWebhook?.close();
    await this.cronitor?.close();
    await this.sync.close();
  }
}
