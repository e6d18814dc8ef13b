import { SetMetadata } from '@nestjs/common';

/** How a route is written down. */
export interface AuditedRoute {
  /** `noun.verb` */
  readonly action: string;
  /** Fields of the request that are harmless to keep. */
  readonly fields: readonly string[];
}

const AUDITED = 'api:audited';

/** The route changes something: the audit log says who asked for it, with these fields of the request. */
export const Audited = (action: string, ...fields: string[]) => SetMetadata(AUDITED, { action, fields } satisfies AuditedRoute);

/** How the handler of a route is written down, or undefined when it changes nothing. */
export const findAudited = (handler: object): AuditedRoute | undefined => Reflect.getMetadata(AUDITED, handler) as AuditedRoute | undefined;
