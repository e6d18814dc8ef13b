import type { Caller } from '#domain';

const ANONYMOUS: Caller = { kind: 'anonymous' };
const callers = new WeakMap<object, Caller>();

/** Sets who sends a request. */
export const setCaller = (request: object, caller: Caller): void => void callers.set(request, caller);

/** Who sends a request, by the token that was verified; `anonymous` when none was. */
export const callerOf = (request: object): Caller => callers.get(request) ?? ANONYMOUS;
