import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify';
import type { AuditedRoute } from '../audit/audited.decorator.js';
import type { DocumentedRoute } from '../docs/documented.decorator.js';
import type { AccountRule } from '../guards/account.guard.js';
import type { Audience } from '../guards/audience.decorator.js';

declare module 'fastify' {
  /** What a route declares about itself. */
  interface FastifyContextConfig {
    readonly audience?: Audience;
    /** Nest's guards run before the handler. A route that is registered on Fastify directly has none. */
    readonly hasGuards?: boolean;
    /** How the route names its account; undefined for a route that is about no account. */
    readonly account?: AccountRule;
    readonly audited?: AuditedRoute;
    /** What the OpenAPI document says about the route. */
    readonly documentation?: DocumentedRoute;
    /** A user of the widget must be an administrator, also when the route only reads. */
    readonly needsAdministrator?: boolean;
    /** The handler gets the body's bytes undecoded. */
    readonly keepsRawBody?: boolean;
    /** The largest body; default: that of the audience. */
    readonly maxBodyBytes?: number;
    /** The route changes nothing, although its method is not GET. */
    readonly changesNothing?: boolean;
    /** Records that a body was too large, before the response. Returns the error to respond with. */
    readonly recordTooLarge?: (request: FastifyRequest, error: unknown) => Promise<unknown>;
  }
}

/** Adds to the Fastify configuration of a handler's route. Nest's own `RouteConfig` would replace what other decorators added. */
export const AddRouteConfig =
  (config: FastifyContextConfig): MethodDecorator =>
  (_prototype, _name, { value: handler }) => {
    const declared = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler as object) as FastifyContextConfig | undefined;
    Reflect.defineMetadata(FASTIFY_ROUTE_CONFIG_METADATA, { ...declared, ...config }, handler as object);
  };

/** One method of one path: of a controller, or registered on Fastify directly. */
export interface RegisteredRoute {
  /** `GET /accounts (AccountsController.list)` */
  readonly name: string;
  readonly method: string;
  /** `/sync/contacts/:run_id` */
  readonly path: string;
  readonly config: FastifyContextConfig;
}

const recorded = new WeakMap<object, readonly RegisteredRoute[]>();

/** Returns a live list of the routes that are registered after this call. {@link recordedRoutes} finds it again. */
export function recordRoutes(fastify: FastifyInstance): readonly RegisteredRoute[] {
  const routes: RegisteredRoute[] = [];
  fastify.addHook('onRoute', ({ method: methods, url, handler, config = {} }) => {
    for (const method of [methods].flat()) {
      routes.push({ name: `${method} ${url} (${handler.name || 'no controller'})`, method, path: url, config });
    }
  });
  recorded.set(fastify, routes);
  return routes;
}

/** The list that {@link recordRoutes} returned for this server; empty without one. */
export const recordedRoutes = (fastify: object): readonly RegisteredRoute[] => recorded.get(fastify) ?? [];

const toSegments = (path: string) => path.replace(/\/$/, '').split('/');

function matches(pattern: string, path: string): boolean {
  const [segments, wanted] = [toSegments(path), toSegments(pattern)];
  const star = wanted.indexOf('*');
  const isLongEnough = star === -1 ? segments.length === wanted.length : segments.length > star;
  return isLongEnough && wanted.every((part, index) => part === '*' || part.startsWith(':') || part === segments[index]);
}

/** Lists the methods that the path takes; empty when the path is unknown. */
export function listMethods(fastify: object, path: string): string[] {
  const methods = recordedRoutes(fastify).filter((route) => matches(route.path, path));
  return [...new Set(methods.map(({ method }) => method))].sort();
}
