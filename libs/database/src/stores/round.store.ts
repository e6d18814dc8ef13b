import { DuplicateKeyError } from '../database-errors.js';
import type { Database } from '../database.js';

/** Which rounds of recurring work were begun, over all processes. Kept beside the vendors' slots: both say when the next may begin. */
export class RoundStore {
  constructor(private readonly database: Database) {}

  /** True for the first who asks for a round at `roundMs`; nobody gets another one of that name within `quietMs` after it. */
  async claim(name: string, roundMs: number, quietMs: number): Promise<boolean> {
    const key = `round:${name}`;
    const nextAt = roundMs + quietMs;
    const moved = await this.database.execute('UPDATE rate_slots SET next_at = ? WHERE slot_key = ? AND next_at <= ?', [
      nextAt,
      key,
      roundMs,
    ]);
    return moved === 1 || this.claimFirst(key, nextAt);
  }

  private async claimFirst(key: string, nextAt: number): Promise<boolean> {
    const known = await this.database.query('SELECT slot_key FROM rate_slots WHERE slot_key = ?', [key]);
    if (known.length > 0) return false;
    try {
      await this.database.execute('INSERT INTO rate_slots (slot_key, next_at) VALUES (?, ?)', [key, nextAt]);
      return true;
    } catch (error) {
      if (error instanceof DuplicateKeyError) return false;
      throw error;
    }
  }
}
