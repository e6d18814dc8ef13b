import { Injectable } from '@nestjs/common';
import { Clock, hasErrorCode, TransientError } from '#domain';
import { KommoRedirectError, type KommoSession, KommoUnauthorizedError } from '#kommo';
import { AccountHosts } from './account-hosts.js';
import { ExclusiveRefresh } from './exclusive-refresh.js';
import { RefreshResults } from './refresh-results.js';
import { type Credentials, TokenVault } from './token-vault.js';

/** A token that expires within this time is not used any more. */
const EXPIRY_MARGIN_MS = 60_000;

/** Provides valid sessions for calls to Kommo. */
@Injectable()
export class TokenService {
  constructor(
    private readonly vault: TokenVault,
    private readonly refreshes: ExclusiveRefresh,
    private readonly hosts: AccountHosts,
    private readonly results: RefreshResults,
    private readonly clock: Clock,
  ) {}

  /**
   * Runs `work` with a valid session. Runs it a second time when Kommo rejects the token or the account has a new host, so it must be
   * safe to repeat.
   *
   * Throws AccountBlockedError when the account must be authorised first, TransientError when Kommo is unavailable or the lock is
   * busy, and what `work` throws.
   */
  async withSession<T>(accountId: number, work: (session: KommoSession) => Promise<T>): Promise<T> {
    const current = await this.getValid(accountId);
    try {
      return await work(current.session);
    } catch (error) {
      const renewed = await this.renewAfter(error, current);
      if (!renewed) throw error;
      return await this.workAgain(renewed, error, work);
    }
  }

  /** Asks Kommo for the host of the account and stores a new one. Throws as {@link withSession} does. */
  async findCurrentHost(accountId: number): Promise<string> {
    const current = await this.vault.get(accountId);
    return ((await this.hosts.followMove(current)) ?? current).session.host;
  }

  /** Flags the account when Kommo refuses a token that it has just issued: another refresh would not help. */
  private async workAgain<T>(renewed: Credentials, first: unknown, work: (session: KommoSession) => Promise<T>): Promise<T> {
    try {
      return await work(renewed.session);
    } catch (error) {
      if (!(error instanceof KommoUnauthorizedError && first instanceof KommoUnauthorizedError)) throw error;
      await this.results.storeRefusal(renewed, error);
      await this.vault.get(renewed.session.accountId);
      throw new TransientError('The tokens were replaced meanwhile', { code: 'token_refresh_busy', retryAfterMs: 1_000 });
    }
  }

  /** Returns the session of the stored token, for any status of the account. Undefined without a token that is still valid. */
  async findStoredSession(accountId: number): Promise<KommoSession | undefined> {
    return this.vault.findStoredSession(accountId);
  }

  /**
   * Refreshes the tokens. A pair from `requestedAt` (epoch milliseconds) or later is kept. Throws as {@link withSession} does.
   */
  async refreshNow(accountId: number, requestedAt = Infinity): Promise<void> {
    const current = await this.vault.getRenewable(accountId);
    if (current.refreshedAt < requestedAt) await this.refreshes.refresh(current);
  }

  private async getValid(accountId: number): Promise<Credentials> {
    const current = await this.vault.get(accountId);
    const isValid = current.expiresAt - this.clock.nowMs() > EXPIRY_MARGIN_MS;
    return isValid ? current : this.refreshes.refresh(current);
  }

  /** Returns the credentials for a second attempt, or undefined when neither a new token nor a new host can help. */
  private async renewAfter(error: unknown, current: Credentials): Promise<Credentials | undefined> {
    if (error instanceof KommoUnauthorizedError) return this.refreshes.refresh(current);
    if (error instanceof KommoRedirectError) return this.hosts.followRedirect(current, error.host);
    return hasErrorCode(error, 'kommo_rejected') ? this.hosts.followMove(current) : undefined;
  }
}
