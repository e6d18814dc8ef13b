import { type DynamicModule, Module } from '@nestjs/common';
import { AccountsModule } from './accounts/accounts.module.js';
import { HealthModule } from './health/health.module.js';
import { HttpPipelineModule } from './http/http-pipeline.module.js';
import { KommoModule } from './kommo/kommo.module.js';
import { OperationsModule } from './operations/operations.module.js';
import { SumController } from './sum.controller.js';
import { SyncApiModule } from './sync/sync-api.module.js';
import { UnisenderModule } from './unisender/unisender.module.js';
import { type Composition, UseCasesModule } from './use-cases.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

const features = [AccountsModule, HealthModule, KommoModule, OperationsModule, SyncApiModule, UnisenderModule, WebhooksModule];

/** The whole API: the HTTP pipeline, one module per feature, and the predecessors' demonstration route. */
@Module({})
export class ApiModule {
  static of(composition: Composition): DynamicModule {
    return { module: ApiModule, imports: [UseCasesModule.of(composition), HttpPipelineModule, ...features], controllers: [SumController] };
  }
}
