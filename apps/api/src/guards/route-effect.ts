import type { FastifyContextConfig, FastifyRequest } from 'fastify';

/** A route, or the route of a request. */
interface Route {
  readonly method: string;
  readonly config: FastifyContextConfig;
}

/** The route of a request. */
export const routeOf = ({ method, routeOptions: { config } }: FastifyRequest): Route => ({ method, config });

/** Methods by which a route only reads. */
export const READ_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether the route may change something: its method is not one that reads, and it does not declare that it only reads. */
export const changesSomething = ({ method, config }: Route): boolean => !READ_METHODS.has(method) && config.changesNothing !== true;

/** Whether a user of the widget must be an administrator. */
export const needsAdministrator = (route: Route): boolean => changesSomething(route) || route.config.needsAdministrator === true;
