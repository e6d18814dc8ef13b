import { Injectable } from '@nestjs/common';
import { KommoClient, KommoHostMovedError, KommoRedirectError, KommoTokenRefusedError, type TokenPair } from '#kommo';
import { AccountHosts } from './account-hosts.js';
import { OAuthClients } from './oauth-clients.js';
import { RefreshResults } from './refresh-results.js';
import { type Credentials, TokenVault } from './token-vault.js';

/** Exchanges a refresh token once. The caller holds the refresh lock of the account. */
@Injectable()
export class TokenRefresh {
  constructor(
    private readonly kommo: KommoClient,
    private readonly clients: OAuthClients,
    private readonly hosts: AccountHosts,
    private readonly results: RefreshResults,
    private readonly vault: TokenVault,
  ) {}

  /**
   * Exchanges the refresh token and stores the new pair before it is used. After a refusal the account becomes
   * `reauthorization_required`, unless another pair has been stored. A transient error changes nothing: Kommo repeats a lost
   * response (reference/kommo.md 1.5).
   *
   * Throws AccountBlockedError and TransientError.
   */
  async exchange(current: Credentials, owner: string): Promise<Credentials> {
    try {
      await this.results.storePair(current, owner, await this.requestPair(current));
    } catch (error) {
      if (!(error instanceof KommoTokenRefusedError || error instanceof KommoHostMovedError)) throw error;
      await this.results.storeRefusal(current, error);
    }
    return this.vault.getRenewable(current.session.accountId);
  }

  /** Kommo rejects a call to the old host of a renamed account with 401 or 404, but some refusals look the same. */
  private async requestPair(current: Credentials): Promise<TokenPair> {
    try {
      return await this.requestPairAt(current);
    } catch (error) {
      if (error instanceof KommoRedirectError) return this.requestRedirected(current, error);
      if (!(error instanceof KommoHostMovedError)) throw error;
      const moved = await this.hosts.followMove(current);
      if (!moved) throw error;
      return this.requestPairAt(moved);
    }
  }

  /**
   * Sends the refresh once more, to the new host. The next call of the API shows whether the account is there, and stores the host. A
   * host that does not know the account refuses nothing.
   */
  private async requestRedirected(current: Credentials, redirect: KommoRedirectError): Promise<TokenPair> {
    try {
      return await this.requestPairAt({ ...current, session: { ...current.session, host: redirect.host } });
    } catch (error) {
      throw error instanceof KommoHostMovedError ? redirect : error;
    }
  }

  private async requestPairAt({ clientId, refreshToken, session: { accountId, host } }: Credentials): Promise<TokenPair> {
    return this.kommo.refresh({ ...(await this.clients.get(clientId)), accountId, host, refreshToken });
  }
}
