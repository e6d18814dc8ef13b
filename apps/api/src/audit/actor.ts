/** Whom a guard let in under another name than the operator's. */
const actors = new WeakMap<object, string>();

/** Called by a guard that knows who sits behind the request. */
export const rememberActor = (request: object, actor: string): void => void actors.set(request, actor);

/** Who asks; behind the guards that is the operator unless one of them said otherwise. */
export const actorOf = (request: object): string => actors.get(request) ?? 'operator';
