import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { AccountsModule } from './accounts/accounts.module.js';
import { AuditInterceptor } from './audit/audit.interceptor.js';
import { OperatorGuard } from './guards/operator.guard.js';
import { RateLimitGuard } from './guards/rate-limit.guard.js';
import { WidgetGuard } from './guards/widget.guard.js';
import { HealthModule } from './health/health.module.js';
import { EnvelopeInterceptor } from './http/envelope.interceptor.js';
import { FailureFilter } from './http/failure.filter.js';
import { inputPipe } from './http/input.pipe.js';
import { InstallModule } from './install/install.module.js';
import { KommoModule } from './kommo/kommo.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { OperationsModule } from './operations/operations.module.js';
import type { ApiParts } from './parts.js';
import { PartsModule } from './parts.module.js';
import { SumModule } from './sum/sum.module.js';
import { SyncModule } from './sync/sync.module.js';
import { UnisenderModule } from './unisender/unisender.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

const areas = [
  AccountsModule,
  HealthModule,
  InstallModule,
  KommoModule,
  MetricsModule,
  OperationsModule,
  SumModule,
  SyncModule,
  UnisenderModule,
  WebhooksModule,
];

/** Guards run in this order, before those of the routes. */
const providers = [
  { provide: APP_GUARD, useClass: RateLimitGuard },
  { provide: APP_GUARD, useClass: OperatorGuard },
  { provide: APP_GUARD, useClass: WidgetGuard },
  { provide: APP_PIPE, useFactory: inputPipe },
  { provide: APP_INTERCEPTOR, useClass: EnvelopeInterceptor },
  { provide: APP_INTERCEPTOR, useClass: AuditInterceptor },
  { provide: APP_FILTER, useClass: FailureFilter },
];

@Module({})
export class ApiModule {
  static of(parts: ApiParts): DynamicModule {
    return { module: ApiModule, imports: [PartsModule.of(parts), ...areas], providers };
  }
}
