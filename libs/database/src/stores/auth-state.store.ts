import type { Clock } from '#domain';
import type { Database } from '../database.js';

/** Consents that were begun: what makes a signed `state` single-use. */
export class AuthStateStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Remembers a consent that was begun. `expiresAt` in epoch milliseconds. Throws DuplicateKeyError for a nonce that is there. */
  async add(nonce: string, expiresAt: number): Promise<void> {
    await this.database.execute('INSERT INTO auth_states (nonce, expires_at) VALUES (?, ?)', [nonce, expiresAt]);
  }

  /** True exactly once for a nonce that was added and has not expired, whoever asks at the same time. */
  async consume(nonce: string): Promise<boolean> {
    return (await this.database.execute('DELETE FROM auth_states WHERE nonce = ? AND expires_at > ?', [nonce, this.clock.nowMs()])) === 1;
  }

  /** Forgets what has expired and returns how much that was. */
  async purge(): Promise<number> {
    return this.database.execute('DELETE FROM auth_states WHERE expires_at <= ?', [this.clock.nowMs()]);
  }
}
