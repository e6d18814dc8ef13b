import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AccessStore } from '#database';
import { Clock, TransientError } from '#domain';
import { TokenRefresh } from './token-refresh.js';
import { type Credentials, TokenVault } from './token-vault.js';

/** As long as the longest call of the token endpoint. The holder prolongs its lock while it waits for the request limit. */
const LOCK_MS = 20_000;
const PROLONG_EVERY_MS = 1_000;
const POLL_MS = 100;
/** A lock that is not prolonged for this time has lost its holder. */
const LOST_AFTER_MS = 3_000;
const LONGEST_WAIT_MS = 15_000;

/** Refreshes the tokens of accounts: one refresh of an account at a time, over all processes (DESIGN.md 8). */
@Injectable()
export class ExclusiveRefresh {
  /** The refreshes that this process runs, by account and replaced version. */
  private readonly running = new Map<string, Promise<Credentials>>();

  constructor(
    private readonly accesses: AccessStore,
    private readonly vault: TokenVault,
    private readonly tokenRefresh: TokenRefresh,
    private readonly clock: Clock,
  ) {}

  /**
   * Returns the successor of `stale`: from a refresh, or from another process. Waits up to 15 s for a running refresh, which then
   * continues, and up to 3 s for a lock whose holder has died. Throws TransientError `token_refresh_busy` then, and what
   * {@link TokenRefresh.exchange} throws.
   */
  async refresh(stale: Credentials): Promise<Credentials> {
    const { accountId } = stale.session;
    const waited = new AbortController();
    const tooLate = this.clock.sleep(LONGEST_WAIT_MS, waited.signal).then(() => {
      throw busy(accountId, PROLONG_EVERY_MS);
    });
    tooLate.catch(() => {});
    return Promise.race([this.start(stale), tooLate]).finally(() => waited.abort());
  }

  private async start(stale: Credentials): Promise<Credentials> {
    const key = `${stale.session.accountId}:${stale.version}`;
    const running = this.running.get(key);
    if (running) return running;
    const started = this.refreshWhenFree(stale).finally(() => this.running.delete(key));
    started.catch(() => {});
    this.running.set(key, started);
    return started;
  }

  private async refreshWhenFree(stale: Credentials): Promise<Credentials> {
    const { accountId } = stale.session;
    const owner = randomUUID();
    let lockedUntil = 0;
    let prolongedAt = this.clock.nowMs();
    const deadline = prolongedAt + LONGEST_WAIT_MS;
    while (!(await this.accesses.tryLockRefresh(accountId, owner, LOCK_MS))) {
      await this.clock.sleep(POLL_MS);
      const current = await this.vault.getRenewable(accountId);
      if (current.version !== stale.version) return current;
      const nowMs = this.clock.nowMs();
      if (current.refreshUntil !== lockedUntil) [lockedUntil, prolongedAt] = [current.refreshUntil, nowMs];
      if (nowMs - prolongedAt >= LOST_AFTER_MS) throw busy(accountId, LOCK_MS - LOST_AFTER_MS);
      if (nowMs >= deadline) throw busy(accountId, PROLONG_EVERY_MS);
    }
    return this.refreshLocked(stale, owner);
  }

  private async refreshLocked(stale: Credentials, owner: string): Promise<Credentials> {
    const { accountId } = stale.session;
    const ended = new AbortController();
    void this.keepLocked(accountId, owner, ended.signal);
    try {
      const current = await this.vault.getRenewable(accountId);
      return current.version === stale.version ? await this.tokenRefresh.exchange(current, owner) : current;
    } finally {
      ended.abort();
      await this.accesses.unlockRefresh(accountId, owner);
    }
  }

  /** Never throws: without the database the lock ends by itself. */
  private async keepLocked(accountId: number, owner: string, signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await this.clock.sleep(PROLONG_EVERY_MS, signal);
        await this.accesses.prolongRefresh(accountId, owner, LOCK_MS);
      }
    } catch {
      // The refresh has ended, or the database is unavailable.
    }
  }
}

const busy = (accountId: number, retryAfterMs: number): TransientError =>
  new TransientError(`The tokens of account ${accountId} are being refreshed; try again later`, {
    code: 'token_refresh_busy',
    retryAfterMs,
  });
