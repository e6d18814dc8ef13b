import { randomUUID } from 'node:crypto';
import { type ErrorCode, TransientError, errorCodeOf, hasErrorCode } from '#domain';
import { type KommoSession, KommoUnauthorizedError } from '#kommo';
import type { SyncContext } from '../context.js';
import { type Credentials, loadCredentials, loadRenewable } from './credentials.js';
import { TokenRefresh } from './token-refresh.js';

/** A token that expires sooner is not sent any more. */
const EXPIRY_MARGIN_MS = 60_000;
/** Longer than the token endpoint's time-out (15 s) twice over, for a holder that follows a moved account. */
const LOCK_MS = 60_000;
const LOCK_POLL_MS = 50;
const LOCK_WAIT_MS = 30_000;
const HOUR_MS = 3_600_000;
/** Accounts per renewal job. */
const BATCH = 50;

/** What became of a batch of renewals. */
export interface RenewalReport {
  readonly renewed: readonly number[];
  readonly failed: readonly { readonly accountId: number; readonly code: ErrorCode }[];
}

/** Keeps every account's access to Kommo valid. One process at a time refreshes an account's pair (DESIGN.md 8). */
export class TokenService {
  /** Refreshes under way in this process, by account and the version they replace. */
  private readonly refreshes = new Map<string, Promise<Credentials>>();
  private readonly tokenRefresh: TokenRefresh;

  constructor(private readonly context: SyncContext) {
    this.tokenRefresh = new TokenRefresh(context);
  }

  /**
   * Runs `work` with a session that is valid now. When Kommo refuses the token all the same it is refreshed, when
   * the account has moved it is followed, and `work` runs a second time: its effects must bear repetition.
   *
   * Throws AccountBlockedError when the account must be authorised first, TransientError when Kommo or the lock is busy,
   * and whatever `work` throws.
   */
  async withSession<T>(accountId: number, work: (session: KommoSession) => Promise<T>): Promise<T> {
    const current = await this.getValid(accountId);
    try {
      return await work(current.session);
    } catch (error) {
      const mended = await this.mend(current, error);
      if (!mended) throw error;
      return work(mended.session);
    }
  }

  /** Renews the pair unless it is of `askedAt` (epoch milliseconds) or later. Errors as in {@link withSession}. */
  async refreshNow(accountId: number, askedAt = Infinity): Promise<void> {
    const current = await loadRenewable(this.context, accountId);
    if (current.refreshedAt < askedAt) await this.refresh(current);
  }

  /**
   * Puts jobs that renew the access of every active or suspended account whose token expires within so many hours; returns how many
   * accounts that are. Throws TransientError when the queue is away.
   */
  async queueRenewals(withinHours: number): Promise<number> {
    const { clock, queue, stores } = this.context;
    const beforeMs = clock.nowMs() + withinHours * HOUR_MS;
    let count = 0;
    let after = 0;
    for (;;) {
      const ids = await stores.accesses.listExpiringBefore(beforeMs, after, BATCH);
      const last = ids.at(-1);
      if (last === undefined) return count;
      await queue.put({ tube: 'accesses', payload: { account_ids: ids, asked_at: clock.nowMs() } });
      count += ids.length;
      after = last;
    }
  }

  /** Renews one account after the other, as {@link refreshNow} does; a failure is reported and never stops the next. */
  async renew(accountIds: readonly number[], askedAt?: number): Promise<RenewalReport> {
    const renewed: number[] = [];
    const failed: { accountId: number; code: ErrorCode }[] = [];
    for (const accountId of accountIds) {
      const code = await this.tryRefresh(accountId, askedAt);
      if (code === undefined) renewed.push(accountId);
      else failed.push({ accountId, code });
    }
    return { renewed, failed };
  }

  private async tryRefresh(accountId: number, askedAt: number | undefined): Promise<ErrorCode | undefined> {
    try {
      await this.refreshNow(accountId, askedAt);
      return undefined;
    } catch (error) {
      const code = errorCodeOf(error);
      this.context.logger.warn('a token was not renewed', { account_id: accountId, reason: code, error });
      return code;
    }
  }

  private async getValid(accountId: number): Promise<Credentials> {
    const current = await loadCredentials(this.context, accountId);
    const isValid = current.expiresAt - this.context.clock.nowMs() > EXPIRY_MARGIN_MS;
    return isValid ? current : this.refresh(current);
  }

  /** What to try again with, or undefined when the failure has nothing to do with token or host. */
  private async mend(current: Credentials, error: unknown): Promise<Credentials | undefined> {
    if (error instanceof KommoUnauthorizedError) return this.refresh(current);
    const isRejected = hasErrorCode(error, 'kommo_rejected');
    return isRejected ? this.tokenRefresh.followMove(current) : undefined;
  }

  private refresh(stale: Credentials): Promise<Credentials> {
    const key = `${stale.session.accountId}:${stale.version}`;
    const running = this.refreshes.get(key);
    if (running) return running;
    const started = this.refreshAlone(stale).finally(() => this.refreshes.delete(key));
    this.refreshes.set(key, started);
    return started;
  }

  /** Waits until this process may refresh, or another one has. */
  private async refreshAlone(stale: Credentials): Promise<Credentials> {
    const { clock, stores } = this.context;
    const { accountId } = stale.session;
    const owner = randomUUID();
    const deadline = clock.nowMs() + LOCK_WAIT_MS;
    while (clock.nowMs() < deadline) {
      const now = clock.nowMs();
      if (await stores.accesses.tryLockRefresh(accountId, owner, now + LOCK_MS)) return this.refreshLocked(stale, owner);
      await clock.sleep(LOCK_POLL_MS);
      const current = await loadRenewable(this.context, accountId);
      if (current.version !== stale.version) return current;
    }
    throw new TransientError(`the token of account ${accountId} is being refreshed elsewhere`, { code: 'token_refresh_busy' });
  }

  private async refreshLocked(stale: Credentials, owner: string): Promise<Credentials> {
    const { accountId } = stale.session;
    try {
      const current = await loadRenewable(this.context, accountId);
      return current.version === stale.version ? await this.tokenRefresh.exchange(current, owner) : current;
    } finally {
      await this.context.stores.accesses.unlockRefresh(accountId, owner);
    }
  }
}
