const actors = new WeakMap<object, string>();

/** Notes the actor of a request, for the audit log. */
export const setActor = (request: object, actor: string): void => void actors.set(request, actor);

/** The noted actor of a request; `operator` when a guard noted none. */
export const actorOf = (request: object): string => actors.get(request) ?? 'operator';
