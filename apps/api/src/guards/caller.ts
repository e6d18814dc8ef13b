import { BugError, type Caller } from '#domain';

const callers = new WeakMap<object, Caller>();

/** Stores the caller of a request. */
export const setCaller = (request: object, caller: Caller): void => void callers.set(request, caller);

/** Returns the caller of a request. Throws BugError when the request did not pass the gate. */
export function getCaller(request: object): Caller {
  const caller = callers.get(request);
  if (caller) return caller;
  throw new BugError('The request did not pass the gate', { code: 'audience_undeclared' });
}

/** Returns the account whose webhook token is in the path. Throws BugError on another route. */
export function getWebhookAccountId(request: object): number {
  const caller = getCaller(request);
  if (caller.kind === 'webhook') return caller.accountId;
  throw new BugError('The route has no webhook token', { code: 'audience_undeclared' });
}
