import { AddRouteConfig } from '../http/route-registry.js';
import type { DetailReaders } from './audited-details.js';

/** How the audit log records a route. */
export interface AuditedRoute {
  /** `noun.verb` */
  readonly action: string;
  readonly details: DetailReaders;
}

/** Records each call of the route in the audit log: the actor, the action, the account, and details of the request. */
export const Audited = (action: string, details: DetailReaders = {}): MethodDecorator => AddRouteConfig({ audited: { action, details } });
