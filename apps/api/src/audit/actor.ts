import type { Caller } from '#domain';

/** The actor that the audit log records for a caller. */
export const actorOf = (caller: Caller): string => (caller.kind === 'widget' ? `widget:${caller.userId}` : caller.kind);
