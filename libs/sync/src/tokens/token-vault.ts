import { Injectable } from '@nestjs/common';
import { type AccessEntity, type AccountEntity, AccessStore, AccountStore, type SealedPair } from '#database';
import { type AccountUse, BugError, Clock, type Secret } from '#domain';
import type { KommoSession, TokenPair } from '#kommo';
import { Keyring } from '#secrets';
import { AccountGate } from '../accounts/account-gate.js';
import { accessTokenContext, refreshTokenContext } from './sealing.js';

/** The tokens of an account at one moment, with what is needed to use and renew them. */
export interface Credentials {
  readonly session: KommoSession;
  readonly clientId: string;
  readonly apiDomain: string | null;
  readonly refreshToken: Secret;
  /** When the access token expires, epoch milliseconds. */
  readonly expiresAt: number;
  /** When Kommo issued the pair, epoch milliseconds. */
  readonly refreshedAt: number;
  /** When the lock of a running refresh ends, epoch milliseconds; 0 without one. It changes while the holder works. */
  readonly refreshUntil: number;
  /** Changes with each pair. */
  readonly version: number;
}

/** For a token that does not say when it expires. The service renews it before the end of the real day. */
const ASSUMED_LIFETIME_MS = 3_600_000;

/** Stores the token pairs of the accounts; the tokens are encrypted. */
@Injectable()
export class TokenVault {
  constructor(
    private readonly accesses: AccessStore,
    private readonly accounts: AccountStore,
    private readonly gate: AccountGate,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
  ) {}

  /** Returns the tokens of an account. Throws AccountBlockedError unless Kommo may be called for the account. */
  async get(accountId: number): Promise<Credentials> {
    return this.load(accountId, 'call_kommo');
  }

  /** As {@link get}, also for a suspended account: its tokens stay valid until it continues. */
  async getRenewable(accountId: number): Promise<Credentials> {
    return this.load(accountId, 'renew_tokens');
  }

  /**
   * Returns the session of the stored access token, for any status of the account. Undefined without a token, and when it has
   * expired. Use it for questions only, never for work.
   */
  async findStoredSession(accountId: number): Promise<KommoSession | undefined> {
    const access = await this.accesses.find(accountId);
    const account = await this.accounts.find(accountId);
    if (!access || !account || access.expiresAt <= this.clock.nowMs()) return undefined;
    return this.toCredentials(access, account).session;
  }

  /** Returns the version of the stored pair; undefined without a pair. */
  async findVersion(accountId: number): Promise<number | undefined> {
    return (await this.accesses.find(accountId))?.version;
  }

  /** Stores the pair of a new authorisation. Throws BugError when the pair belongs to another account. */
  async save(accountId: number, pair: TokenPair): Promise<void> {
    await this.accesses.save(accountId, this.seal(accountId, pair), this.toExpiry(pair));
  }

  /**
   * Stores the successor of a pair and releases the refresh lock of `owner`. Returns false when another pair has been stored.
   * Throws BugError when the new pair belongs to another account.
   */
  async replace({ version, session: { accountId } }: Credentials, owner: string, pair: TokenPair): Promise<boolean> {
    return this.accesses.storeRefreshed(accountId, owner, version, this.seal(accountId, pair), this.toExpiry(pair));
  }

  /** Deletes the pair of this version. Without effect when another pair has been stored. */
  async delete(accountId: number, version: number): Promise<void> {
    await this.accesses.remove(accountId, version);
  }

  /**
   * Reads the pair before the account. An installation that commits in between leaves an old version with the new integration, which
   * the version shows; the other order could hide it.
   */
  private async load(accountId: number, use: AccountUse): Promise<Credentials> {
    const access = await this.accesses.find(accountId);
    const account = await this.gate.get(accountId, use);
    if (!access) throw new BugError(`Account ${accountId} has no tokens`, { code: 'access_missing' });
    return this.toCredentials(access, account);
  }

  private toCredentials(access: AccessEntity, { accountId, host, clientId, apiDomain }: AccountEntity): Credentials {
    const { expiresAt, refreshedAt, refreshUntil, version } = access;
    const accessToken = this.keyring.decrypt(access.accessToken, accessTokenContext(accountId));
    const refreshToken = this.keyring.decrypt(access.refreshToken, refreshTokenContext(accountId));
    return { session: { host, accountId, accessToken }, clientId, apiDomain, refreshToken, expiresAt, refreshedAt, refreshUntil, version };
  }

  private seal(accountId: number, { accessToken, refreshToken, claims }: TokenPair): SealedPair {
    if (claims.accountId !== undefined && claims.accountId !== accountId) {
      throw new BugError(`Kommo issued tokens of another account to account ${accountId}`, { code: 'kommo_foreign_tokens' });
    }
    return {
      accessToken: this.keyring.encrypt(accessToken.reveal(), accessTokenContext(accountId)),
      refreshToken: this.keyring.encrypt(refreshToken.reveal(), refreshTokenContext(accountId)),
    };
  }

  /** A pair is stored in any case: the token that it replaces may not work any more. */
  private toExpiry({ expiresInSeconds, claims }: TokenPair): number {
    const nowMs = this.clock.nowMs();
    if (expiresInSeconds !== undefined) return nowMs + expiresInSeconds * 1000;
    return claims.expiresAtMs ?? nowMs + ASSUMED_LIFETIME_MS;
  }
}
