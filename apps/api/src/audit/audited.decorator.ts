import { AddRouteConfig } from '../http/route-registry.js';

/** How the audit log records a route. */
export interface AuditedRoute {
  /** `noun.verb` */
  readonly action: string;
  /** Fields of the request that hold neither secrets nor personal data. */
  readonly fields: readonly string[];
}

/** Records each call of the route in the audit log: the actor, the action, and these fields of the request. */
export const Audited = (action: string, ...fields: string[]): MethodDecorator => AddRouteConfig({ audited: { action, fields } });
