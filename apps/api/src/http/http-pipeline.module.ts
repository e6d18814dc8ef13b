import { Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { SyncModule } from '#sync';
import { AuditInterceptor } from '../audit/audit.interceptor.js';
import { AccountGuard } from '../guards/account.guard.js';
import { AccountRefusalInterceptor } from '../guards/account-refusal.interceptor.js';
import { OperatorGuard } from '../guards/operator.guard.js';
import { PublicRateLimit, PublicRateLimitGuard } from '../guards/public-rate-limit.guard.js';
import { WidgetGuard } from '../guards/widget.guard.js';
import { EnvelopeInterceptor } from './envelope.interceptor.js';
import { FailureFilter } from './failure.filter.js';
import { InputPipe } from './input.pipe.js';

/** What every request of a controller passes. The guards run in this order, before those of the routes. */
@Global()
@Module({
  imports: [SyncModule],
  providers: [
    PublicRateLimit,
    { provide: APP_GUARD, useClass: PublicRateLimitGuard },
    { provide: APP_GUARD, useClass: OperatorGuard },
    { provide: APP_GUARD, useClass: WidgetGuard },
    { provide: APP_GUARD, useClass: AccountGuard },
    { provide: APP_PIPE, useClass: InputPipe },
    { provide: APP_INTERCEPTOR, useClass: EnvelopeInterceptor },
    { provide: APP_INTERCEPTOR, useClass: AuditInterceptor },
    { provide: APP_INTERCEPTOR, useClass: AccountRefusalInterceptor },
    { provide: APP_FILTER, useClass: FailureFilter },
  ],
  exports: [PublicRateLimit],
})
export class HttpPipelineModule {}
