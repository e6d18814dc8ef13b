import { type DynamicModule, Global, Module } from '@nestjs/common';
import { ClockModule } from '#clock';
import { type Config, ConfigModule } from '#config';
import { DatabaseModule, RequestPatience } from '#database';
import { LoggingModule, type ServiceLogger } from '#logging';
import { AccountsModule } from './accounts/accounts.module.js';
import { ConsoleModule } from './console/console.module.js';
import { DocsModule } from './docs/docs.module.js';
import { HealthModule } from './health/health.module.js';
import { HttpPipelineModule } from './http/http-pipeline.module.js';
import { KommoModule } from './kommo/kommo.module.js';
import { OperationsModule } from './operations/operations.module.js';
import { SumController } from './sum.controller.js';
import { SyncApiModule } from './sync/sync-api.module.js';
import { UnisenderModule } from './unisender/unisender.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

const features = [
  AccountsModule,
  ConsoleModule,
  DocsModule,
  HealthModule,
  KommoModule,
  OperationsModule,
  SyncApiModule,
  UnisenderModule,
  WebhooksModule,
];

/** A caller waits for a vendor's request limit, and then gets 503. */
const patience: RequestPatience = { maxWaitMs: 15_000 };

/** Limits how long requests of this process wait for vendors. */
@Global()
@Module({ providers: [{ provide: RequestPatience, useValue: patience }], exports: [RequestPatience] })
class PatienceModule {}

/** The whole API: the HTTP pipeline, one module per feature, and the predecessors' demonstration route. */
@Module({ imports: [PatienceModule, DatabaseModule, HttpPipelineModule, ...features], controllers: [SumController] })
export class ApiModule {
  /** Adds the modules of configuration, clock and logger, which exist before Nest starts. Global modules close last, in reverse order. */
  static forRoot(config: Config, logger: ServiceLogger): DynamicModule {
    return { module: ApiModule, imports: [ConfigModule.forRoot(config), ClockModule, LoggingModule.forLogger(logger)] };
  }
}
