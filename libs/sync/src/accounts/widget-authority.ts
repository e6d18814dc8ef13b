import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { AccountStore } from '#database';
import { Clock } from '#domain';
import { DisposableTokenRefusedError, findTokenClientId, verifyDisposableToken } from '#kommo';
import { type OAuthClient, OAuthClients } from '../tokens/oauth-clients.js';

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
  ) {}

  /**
   * Returns the user of a token. Throws WidgetTokenRefusedError for an invalid token, and for a token of another integration than the
   * one of the account.
   */
  async authorize(token: string): Promise<WidgetUser> {
    const client = await this.findSigner(token);
    const { accountId, userId, isAdmin } = verifyDisposableToken(token, {
      ...client,
      allowedDomains: this.config.kommoAllowedDomains,
      nowSeconds: Math.floor(this.clock.nowMs() / 1000),
    });
    const account = await this.accounts.find(accountId);
    if (account && account.clientId !== client.clientId) throw new DisposableTokenRefusedError('it belongs to another integration');
    return { accountId, userId, isAdmin };
  }

  /** Returns the integration that the token names. Its secret verifies the token; nothing else of the token is used before that. */
  private async findSigner(token: string): Promise<OAuthClient> {
    const clientId = findTokenClientId(token);
    const client = clientId === undefined ? undefined : await this.clients.find(clientId);
    if (!client) throw new DisposableTokenRefusedError('it names no saved integration');
    return client;
  }
}
