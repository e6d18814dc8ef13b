import { DisposableTokenRefusedError, findTokenClientId, verifyDisposableToken } from '#kommo';
import type { SyncContext } from '../context.js';
import { type ClientIdentity, getClientIdentity } from '../tokens/credentials.js';

export { DisposableTokenRefusedError as WidgetTokenRefusedError } from '#kommo';

/** Who sits in the browser, as Kommo vouches for it. */
export interface WidgetUser {
  readonly accountId: number;
  readonly userId: number;
  /** False also when Kommo does not say. */
  readonly isAdmin: boolean;
}

/** Believes the widget's disposable token, or refuses it (reference/kommo.md 2). */
export class WidgetAuthority {
  constructor(private readonly context: SyncContext) {}

  /** Throws DisposableTokenRefusedError. The integration that signed must be the account's own, once it has one. */
  async authorize(token: string): Promise<WidgetUser> {
    const identity = await this.findSigner(token);
    const { accountId, userId, isAdmin } = verifyDisposableToken(token, {
      ...identity,
      allowedDomains: this.context.config.kommoAllowedDomains,
      nowSeconds: Math.floor(this.context.clock.nowMs() / 1000),
    });
    const account = await this.context.stores.accounts.find(accountId);
    if (account && account.clientId !== identity.clientId) throw new DisposableTokenRefusedError('it is of another integration');
    return { accountId, userId, isAdmin };
  }

  /** The integration that the token names. Nothing of the token is believed before its signature was checked with that one's secret. */
  private async findSigner(token: string): Promise<ClientIdentity> {
    const clientId = findTokenClientId(token);
    const integration = clientId === undefined ? undefined : await this.context.stores.integrations.find(clientId);
    if (!integration) throw new DisposableTokenRefusedError('it names no saved integration');
    return getClientIdentity(this.context, integration.clientId);
  }
}
