import type { KommoAccount } from './account.js';

/** An OAuth client that is registered in Kommo. Its scopes and redirect URI are fixed there (reference kommo 1.2). */
export interface Integration {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  readonly uninstallUrl: string | null;
  readonly name: string;
}

/** The integrations and accounts of the emulated Kommo. */
export class KommoRegistry {
  readonly integrations = new Map<string, Integration>();
  readonly accounts = new Map<number, KommoAccount>();

  /** The account with this host name. */
  findAccountByHost(host: string): KommoAccount | undefined {
    for (const account of this.accounts.values()) if (account.host === host) return account;
    return undefined;
  }

  /** The account that had this host name before a rename. Undefined when another account has it now. */
  findMovedAccount(host: string): KommoAccount | undefined {
    if (this.findAccountByHost(host)) return undefined;
    return [...this.accounts.values()].find(({ formerHosts }) => formerHosts.has(host));
  }

  accountOfSubdomain(subdomain: string): KommoAccount | undefined {
    for (const account of this.accounts.values()) if (account.subdomain === subdomain) return account;
    return undefined;
  }
}
