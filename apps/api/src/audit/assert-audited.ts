import { BugError } from '#domain';
import type { Audience } from '../guards/audience.decorator.js';
import type { RegisteredRoute } from '../http/route-registry.js';

const READ_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const AUDITED_AUDIENCES: ReadonlySet<Audience | undefined> = new Set<Audience>(['operator', 'widget']);

/** Throws BugError that names every route by which an operator or the widget changes something without an audit entry. */
export function assertAudited(routes: readonly RegisteredRoute[]): void {
  const unaudited = routes.filter(
    ({ method, config }) => AUDITED_AUDIENCES.has(config.audience) && !READ_METHODS.has(method) && !config.audited,
  );
  if (unaudited.length === 0) return;
  throw new BugError(`Routes without an audit entry: ${unaudited.map(({ name }) => name).join(', ')}`, { code: 'route_unaudited' });
}
