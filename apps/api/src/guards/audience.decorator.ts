import type { ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AddRouteConfig } from '../http/route-registry.js';

/**
 * Who may call a route. `public`: anyone. `operator`: the operator's token. `widget`: Kommo's disposable token, or the
 * operator's. `browser`: anyone, rate limited; the `state` of the consent protects it. `kommo`, `unisender`: the handler
 * checks the token in the URL or the signature.
 */
export type Audience = 'public' | 'operator' | 'widget' | 'browser' | 'kommo' | 'unisender';

/** Declares who may call the route. The application does not start while a route has no audience. */
export const Audience = (audience: Audience): MethodDecorator => AddRouteConfig({ audience, hasGuards: true });

/** The audience that the route of this request declares. */
export const audienceOf = (context: ExecutionContext): Audience | undefined =>
  context.switchToHttp().getRequest<FastifyRequest>().routeOptions.config.audience;
