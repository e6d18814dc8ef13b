/** Time limits of calls to Kommo, in milliseconds. The defaults are those of the official client (reference/kommo.md 1.8). */
export interface KommoTimeouts {
  readonly connectMs: number;
  readonly totalMs: number;
  /** For a call to the token endpoint. */
  readonly oauthMs: number;
}

/** The settings of the Kommo client. A class, so that it is its own injection token; plain objects are settings too. */
export abstract class KommoSettings {
  /** Domains of accounts. The client sends nothing to a host outside them. */
  abstract readonly allowedDomains: readonly string[];
  /** First labels of Kommo's own hosts: the client follows no redirect there. */
  abstract readonly reservedLabels: readonly string[];
  /** Sandbox and tests only: all calls go to this origin, with the real host in the `Host` header. */
  abstract readonly originOverride?: URL | undefined;
  abstract readonly timeouts?: Partial<KommoTimeouts> | undefined;
}
