const actors = new WeakMap<object, string>();

/** Sets the actor that the audit log records for a request. */
export const setActor = (request: object, actor: string): void => void actors.set(request, actor);

/** The actor of a request; `operator` when none was set. */
export const actorOf = (request: object): string => actors.get(request) ?? 'operator';
