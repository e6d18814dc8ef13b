import type { KommoAccount } from './account.js';
import type { Integration } from './integration.js';

/** Who exists in the emulated Kommo. */
export class KommoRegistry {
  readonly integrations = new Map<string, Integration>();
  readonly accounts = new Map<number, KommoAccount>();

  accountAt(host: string): KommoAccount | undefined {
    for (const account of this.accounts.values()) if (account.host === host) return account;
    return undefined;
  }

  accountOfSubdomain(subdomain: string): KommoAccount | undefined {
    for (const account of this.accounts.values()) if (account.subdomain === subdomain) return account;
    return undefined;
  }
}
