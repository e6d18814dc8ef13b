import { Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { SyncModule } from '#sync';
import { AuditInterceptor } from '../audit/audit.interceptor.js';
import { AccountGuard } from '../guards/account.guard.js';
import { AccountRefusalInterceptor } from '../guards/account-refusal.interceptor.js';
import { AudienceGuard } from '../guards/audience.guard.js';
import { CallerFinder } from '../guards/caller-finder.js';
import { RefusalLimits } from '../guards/refusal-limits.js';
import { RequestGate } from '../guards/request-gate.js';
import { EnvelopeInterceptor } from './envelope.interceptor.js';
import { FailureFilter } from './failure.filter.js';
import { InputPipe } from './input.pipe.js';
import { StopState } from './stop-state.js';

/** What every request passes: the gate, before its body is read; then guards in this order, before those of the routes. */
@Global()
@Module({
  imports: [SyncModule],
  providers: [
    RefusalLimits,
    CallerFinder,
    RequestGate,
    StopState,
    { provide: APP_GUARD, useClass: AudienceGuard },
    { provide: APP_GUARD, useClass: AccountGuard },
    { provide: APP_PIPE, useClass: InputPipe },
    { provide: APP_INTERCEPTOR, useClass: EnvelopeInterceptor },
    { provide: APP_INTERCEPTOR, useClass: AuditInterceptor },
    { provide: APP_INTERCEPTOR, useClass: AccountRefusalInterceptor },
    { provide: APP_FILTER, useClass: FailureFilter },
  ],
  exports: [RefusalLimits, StopState],
})
export class HttpPipelineModule {}
