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
