import { alerts, toAccountBlockedError } from '#domain';
import { type KommoHost, KommoHostMovedError, KommoTokenRefusedError, type TokenPair } from '#kommo';
import type { SyncContext } from '../context.js';
import { type Credentials, getClientIdentity, loadRenewable, sealPair } from './credentials.js';

/** One exchange of a refresh token, by whoever holds the account's refresh lock. */
export class TokenRefresh {
  constructor(private readonly context: SyncContext) {}

  /**
   * Exchanges the refresh token and commits the new pair before anybody can use it. A refusal is believed only when no other
   * pair was stored meanwhile; then the account becomes `reauthorization_required`. A transient failure leaves the stored
   * pair as it is: Kommo lets a lost answer be asked for again (reference/kommo.md 1.5).
   *
   * Throws AccountBlockedError and TransientError.
   */
  async exchange(current: Credentials, owner: string): Promise<Credentials> {
    const { accountId } = current.session;
    let answer: TokenPair;
    try {
      answer = await this.requestFollowing(current);
    } catch (error) {
      if (error instanceof KommoTokenRefusedError || error instanceof KommoHostMovedError) return this.settleRefusal(current, error);
      throw error;
    }
    await this.keep(current, owner, answer);
    return loadRenewable(this.context, accountId);
  }

  /**
   * A process that stood still for longer than its lock may find the account flagged: another one was refused with the token
   * that this answer has replaced. Then the flag was wrong, unless the account has changed its integration meanwhile.
   */
  private async keep({ clientId, version, session: { accountId } }: Credentials, owner: string, answer: TokenPair): Promise<void> {
    const { database, logger, stores } = this.context;
    const { pair, expiresAt } = sealPair(this.context, accountId, answer);
    await database.transaction(async () => {
      await stores.accounts.lockRow(accountId);
      const isKept = await stores.accesses.storeRefreshed(accountId, owner, version, pair, expiresAt);
      const account = await stores.accounts.find(accountId);
      if (!isKept || account?.status !== 'reauthorization_required' || account.clientId !== clientId) return;
      await stores.accounts.setStatus(accountId, 'active');
      logger.warn('an account was flagged while its new tokens were under way: it is active again', { account_id: accountId });
    });
  }

  /** The credentials with the account's new host, which is stored; undefined when the account did not move (reference/kommo.md 1.7). */
  async followMove(current: Credentials): Promise<Credentials | undefined> {
    const { accountId, host: oldHost } = current.session;
    const host = await this.findHost(current);
    if (host === undefined || host === oldHost) return undefined;
    const subdomain = host.slice(0, host.indexOf('.'));
    await this.context.stores.accounts.update(accountId, { host, subdomain });
    this.context.logger.info('the account moved to another host', { account_id: accountId, host });
    return { ...current, session: { ...current.session, host } };
  }

  private async findHost({ apiDomain, refreshToken }: Credentials): Promise<KommoHost | undefined> {
    return apiDomain === null ? undefined : this.context.kommo.findCurrentHost({ apiDomain, refreshToken });
  }

  /** A renamed subdomain answers 401 or 404; so does a refusal now and then: only the account's present host tells. */
  private async requestFollowing(current: Credentials): Promise<TokenPair> {
    try {
      return await this.request(current);
    } catch (error) {
      if (!(error instanceof KommoHostMovedError)) throw error;
      const moved = await this.followMove(current);
      if (!moved) throw error;
      return this.request(moved);
    }
  }

  private async request({ clientId, refreshToken, session: { host } }: Credentials): Promise<TokenPair> {
    const identity = await getClientIdentity(this.context, clientId);
    return this.context.kommo.refresh({ ...identity, host, refreshToken });
  }

  private async settleRefusal(used: Credentials, cause: unknown): Promise<Credentials> {
    const { accountId } = used.session;
    if (await this.flagUnlessRotated(used)) {
      this.context.logger.error('Kommo refuses the refresh token: the account must be authorised again', { account_id: accountId });
      throw toAccountBlockedError(accountId, 'reauthorization_required', { cause });
    }
    return loadRenewable(this.context, accountId);
  }

  private async flagUnlessRotated({ session: { accountId }, version }: Credentials): Promise<boolean> {
    const { accounts, accesses } = this.context.stores;
    return this.context.database.transaction(async () => {
      // Holds the account's row, which an install writes first: none can commit between the look and the flag.
      await accounts.lockRow(accountId);
      const access = await accesses.find(accountId);
      if (access?.version !== version) return false;
      await accounts.setStatus(accountId, 'reauthorization_required');
      await this.context.stores.alerts.raise(alerts.reauthorizationRequired(accountId, version));
      return true;
    });
  }
}
