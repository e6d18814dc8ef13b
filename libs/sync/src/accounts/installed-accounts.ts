import { Injectable } from '@nestjs/common';
import { type AccountEntity, AccountStore, Database } from '#database';
import type { KommoAccount, TokenPair } from '#kommo';
import { TokenVault } from '../tokens/token-vault.js';
import { WebhookUrls } from './webhook-urls.js';

const MAX_NAME_LENGTH = 255;

/** What Kommo returned for an authorisation. */
export interface Grant {
  readonly clientId: string;
  readonly host: string;
  readonly account: KommoAccount;
  readonly pair: TokenPair;
}

/** Stores accounts that Kommo has authorised. */
@Injectable()
export class InstalledAccounts {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountStore,
    private readonly vault: TokenVault,
    private readonly webhookUrls: WebhookUrls,
  ) {}

  /**
   * Stores the account as active, with its tokens. A known account keeps its key, list and mirror. Returns the stored account. Throws
   * BugError when the tokens belong to another account.
   */
  async save(grant: Grant): Promise<AccountEntity | undefined> {
    const { accountId } = grant.account;
    return this.database.transaction(async () => {
      // The account's row comes first: two installations of the account wait for each other, and a refused refresh waits, too.
      await this.accounts.install(this.toInstalled(grant));
      await this.vault.save(accountId, grant.pair);
      const account = await this.accounts.find(accountId);
      // Kommo may have deleted the webhook when the access ended. It counts as missing until it has been checked.
      if (account?.webhookState === 'active') await this.accounts.update(accountId, { webhookState: 'missing' });
      return account;
    });
  }

  private toInstalled({ clientId, host, account: { accountId, name, subdomain }, pair }: Grant) {
    return {
      accountId,
      clientId,
      name: name.slice(0, MAX_NAME_LENGTH),
      subdomain: subdomain.slice(0, MAX_NAME_LENGTH),
      host,
      apiDomain: pair.claims.apiDomain ?? null,
      ...this.webhookUrls.createToken(accountId),
    };
  }
}
