import type { Clock } from '#domain';
import type { Executor } from '../executor.js';

/** Consents that were begun: what makes a signed `state` single-use. */
export class AuthStateStore {
  constructor(
    private readonly database: Executor,
    private readonly clock: Clock,
  ) {}

  /** Remembers a consent that was begun. `expiresAt` in epoch milliseconds. Throws DuplicateKeyError for a nonce that is there. */
  async add(nonce: string, expiresAt: number, on: Executor = this.database): Promise<void> {
    await on.execute('INSERT INTO auth_states (nonce, expires_at) VALUES (?, ?)', [nonce, expiresAt]);
  }

  /** True exactly once for a nonce that was added and has not expired, whoever asks at the same time. */
  async consume(nonce: string, on: Executor = this.database): Promise<boolean> {
    return (await on.execute('DELETE FROM auth_states WHERE nonce = ? AND expires_at > ?', [nonce, this.clock.nowMs()])) === 1;
  }

  /** Forgets what has expired and returns how much that was. */
  async purge(on: Executor = this.database): Promise<number> {
    return on.execute('DELETE FROM auth_states WHERE expires_at <= ?', [this.clock.nowMs()]);
  }
}
