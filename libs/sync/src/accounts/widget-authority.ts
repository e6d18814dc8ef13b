import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { type AccountEntity, AccountStore } from '#database';
import { Clock, ServiceError } from '#domain';
import { DisposableTokenRefusedError, findTokenClientId, verifyDisposableToken } from '#kommo';
import { type OAuthClient, OAuthClients } from '../tokens/oauth-clients.js';
import { TokenService } from '../tokens/token-service.js';

export { DisposableTokenRefusedError as WidgetTokenRefusedError } from '#kommo';

/** The user of the widget, as Kommo signed it. */
export interface WidgetUser {
  readonly accountId: number;
  readonly userId: number;
  /** Undefined when the token does not say it: then WidgetAdministrators asks Kommo. */
  readonly isAdmin: boolean | undefined;
}

/** Verifies the disposable tokens of the widget (reference/kommo.md 2). */
@Injectable()
export class WidgetAuthority {
  constructor(
    private readonly accounts: AccountStore,
    private readonly clients: OAuthClients,
    private readonly clock: Clock,
    private readonly config: Config,
    private readonly tokens: TokenService,
  ) {}

  /**
   * Returns the user of a token. Throws WidgetTokenRefusedError for an invalid token, and for a token of another integration or
   * another host than those of the account.
   */
  async authorize(token: string): Promise<WidgetUser> {
    const client = await this.findSigner(token);
    const { accountId, userId, isAdmin, host } = verifyDisposableToken(token, {
      ...client,
      allowedDomains: this.config.kommoAllowedDomains,
      nowSeconds: Math.floor(this.clock.nowMs() / 1000),
    });
    const account = await this.accounts.find(accountId);
    if (account && account.clientId !== client.clientId) throw new DisposableTokenRefusedError('it belongs to another integration');
    if (account && !(await this.isHostOf(account, host))) throw new DisposableTokenRefusedError('its issuer is another account');
    return { accountId, userId, isAdmin };
  }

  /** An account that was renamed in Kommo has another host than the stored one: then Kommo is asked for the new one. */
  private async isHostOf({ accountId, host }: AccountEntity, issuer: string): Promise<boolean> {
    if (host === '' || host === issuer) return true;
    try {
      return (await this.tokens.findCurrentHost(accountId)) === issuer;
    } catch (error) {
      if (error instanceof ServiceError && error.kind !== 'bug') return false;
      throw error;
    }
  }

  /** Returns the integration that the token names. Its secret verifies the token; nothing else of the token is used before that. */
  private async findSigner(token: string): Promise<OAuthClient> {
    const clientId = findTokenClientId(token);
    const client = clientId === undefined ? undefined : await this.clients.find(clientId);
    if (!client) throw new DisposableTokenRefusedError('it names no saved integration');
    return client;
  }
}
