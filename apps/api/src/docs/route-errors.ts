import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import type { ErrorCode } from '#domain';
import { AccountAuthorisedGuard } from '../guards/account-authorised.guard.js';
import type { Audience } from '../guards/audience.decorator.js';
import { IntegrationConfiguredGuard } from '../guards/integration-configured.guard.js';
import { changesSomething, needsAdministrator, READ_METHODS } from '../guards/route-effect.js';
import { maxBodyBytesOf } from '../http/body-limits.js';
import type { RegisteredRoute } from '../http/route-registry.js';
import { unauthorisedErrors } from './error-groups.js';

/** Every route reads a query, and every fault of ours has this code. */
const alwaysPossible: readonly ErrorCode[] = ['bad_request', 'bad_body', 'body_too_complex', 'internal_error'];

const bodyErrors: readonly ErrorCode[] = ['body_too_large', 'server_busy'];

const audienceErrors: Readonly<Record<Audience, readonly ErrorCode[]>> = {
  public: [],
  browser: ['rate_limited'],
  operator: ['operator_required', 'rate_limited'],
  widget: ['widget_token_refused', 'other_account', 'approval_required', 'rate_limited'],
  kommo: ['rate_limited'],
  unisender: ['rate_limited', 'not_found'],
};

/** Whether the route reads a body. */
export const readsBody = ({ method, config }: RegisteredRoute): boolean => !READ_METHODS.has(method) && maxBodyBytesOf(config) > 0;

function guardsOf({ config: { documentation } }: RegisteredRoute): readonly unknown[] {
  const { handler } = documentation ?? {};
  if (!handler) return [];
  const method = (handler.prototype as Readonly<Record<string | symbol, object>>)[handler.name] ?? {};
  const guards = [handler.prototype.constructor, method].map((target) => Reflect.getMetadata(GUARDS_METADATA, target) as unknown);
  return guards.flat();
}

function errorsOfGuards(route: RegisteredRoute): readonly ErrorCode[] {
  const guards = guardsOf(route);
  return [
    ...(guards.includes(IntegrationConfiguredGuard) ? (['integration_missing'] as const) : []),
    ...(guards.includes(AccountAuthorisedGuard) ? unauthorisedErrors : []),
  ];
}

function errorsOfChange(route: RegisteredRoute): readonly ErrorCode[] {
  return [
    ...(route.config.audience === 'widget' && needsAdministrator(route) ? (['administrator_required'] as const) : []),
    ...(changesSomething(route) && route.path.startsWith('/operations/') ? (['console_read_only'] as const) : []),
  ];
}

/** Lists every code of docs/ERRORS.md that the route can respond with, each once. */
export function listRouteErrors(route: RegisteredRoute, hasInput: boolean): ErrorCode[] {
  const { audience = 'public', documentation } = route.config;
  return [
    ...new Set([
      ...alwaysPossible,
      ...(hasInput ? (['invalid_input'] as const) : []),
      ...(readsBody(route) ? bodyErrors : []),
      ...(audience === 'kommo' && route.path.includes(':') ? (['not_found'] as const) : []),
      ...audienceErrors[audience],
      ...(audience === 'public' ? [] : (['database_unavailable'] as const)),
      ...errorsOfGuards(route),
      ...errorsOfChange(route),
      ...(documentation?.errors ?? []),
    ]),
  ];
}
