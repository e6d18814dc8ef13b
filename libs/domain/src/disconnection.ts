const DAY_MS = 24 * 3_600_000;
/** The time for Kommo to end an access after its "access revoked" call. */
const REVOKED_AFTER_MS = 10 * 60_000;

/** What to do with a disconnected account. */
export interface DisconnectionSteps {
  /** Ask Kommo whether it still accepts the access. If it does, the account was not disconnected by Kommo. */
  readonly checkAccess: boolean;
  /** Delete the data of the account, unless Kommo still accepts the access. */
  readonly purge: boolean;
}

/** Decides what to do with an account that has been disconnected for this time. */
export function decideDisconnection(disconnectedForMs: number, { graceDays }: { readonly graceDays: number }): DisconnectionSteps {
  const checkAccess = disconnectedForMs >= REVOKED_AFTER_MS;
  return { checkAccess, purge: checkAccess && disconnectedForMs >= graceDays * DAY_MS };
}

/** What Kommo says about the access to an account. */
export type AccessState = 'accepted' | 'ended' | 'unknown';

/**
 * Decides about an "access revoked" call with a valid signature, which is the same for every call: an old one can be sent again. It
 * counts when Kommo has ended the access, and after ten minutes also when Kommo gave no clear response in that time.
 */
export function decideUninstall(access: AccessState, waitedMs: number): 'disconnect' | 'wait' | 'ignore' {
  if (access === 'ended') return 'disconnect';
  if (waitedMs < REVOKED_AFTER_MS) return 'wait';
  return access === 'accepted' ? 'ignore' : 'disconnect';
}
