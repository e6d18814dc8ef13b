import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AccessStore } from '#database';
import { Clock, TransientError } from '#domain';
import { TokenRefresh } from './token-refresh.js';
import { type Credentials, TokenVault } from './token-vault.js';

/** More than two time-outs of the token endpoint (15 s each): a holder may call both the old and the new host of an account. */
const LOCK_MS = 60_000;
const LOCK_POLL_MS = 50;
const LOCK_WAIT_MS = 30_000;

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
   * Returns the successor of `stale`: from a refresh, or from another process. Waits up to 30 s for the lock.
   * Throws TransientError `token_refresh_busy`, and what {@link TokenRefresh.exchange} throws.
   */
  async refresh(stale: Credentials): Promise<Credentials> {
    const key = `${stale.session.accountId}:${stale.version}`;
    const running = this.running.get(key);
    if (running) return running;
    const started = this.refreshWhenFree(stale).finally(() => this.running.delete(key));
    this.running.set(key, started);
    return started;
  }

  private async refreshWhenFree(stale: Credentials): Promise<Credentials> {
    const { accountId } = stale.session;
    const owner = randomUUID();
    const deadline = this.clock.nowMs() + LOCK_WAIT_MS;
    while (this.clock.nowMs() < deadline) {
      const lockedUntil = this.clock.nowMs() + LOCK_MS;
      if (await this.accesses.tryLockRefresh(accountId, owner, lockedUntil)) return this.refreshLocked(stale, owner);
      await this.clock.sleep(LOCK_POLL_MS);
      const current = await this.vault.getRenewable(accountId);
      if (current.version !== stale.version) return current;
    }
    throw new TransientError(`Another process refreshes the tokens of account ${accountId}`, { code: 'token_refresh_busy' });
  }

  private async refreshLocked(stale: Credentials, owner: string): Promise<Credentials> {
    const { accountId } = stale.session;
    try {
      const current = await this.vault.getRenewable(accountId);
      return current.version === stale.version ? await this.tokenRefresh.exchange(current, owner) : current;
    } finally {
      await this.accesses.unlockRefresh(accountId, owner);
    }
  }
}
