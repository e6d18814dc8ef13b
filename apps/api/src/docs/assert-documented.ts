import { BugError } from '#domain';
import type { RegisteredRoute } from '../http/route-registry.js';

/** Fastify adds a HEAD route to each GET route. */
const isDescribed = ({ method, config }: RegisteredRoute) => method === 'HEAD' || config.documentation !== undefined;

/** Throws BugError that names every route that the OpenAPI document does not describe. */
export function assertDocumented(routes: readonly RegisteredRoute[]): void {
  const missing = routes.filter((route) => !isDescribed(route));
  if (missing.length === 0) return;
  throw new BugError(`Routes without @Documented: ${missing.map(({ name }) => name).join(', ')}`, { code: 'route_undocumented' });
}
