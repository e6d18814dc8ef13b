import { Injectable } from '@nestjs/common';
import { LessThanOrEqual } from 'typeorm';
import { Clock } from '#domain';
import { Database } from '../database.js';
import { DuplicateKeyError } from '../database-errors.js';
import { AuthStateEntity } from '../entities/auth-state.entity.js';

/** The OAuth states that were used: makes the signed `state` single-use. A state that is only created is not stored. */
@Injectable()
export class AuthStateStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Uses a nonce up. Returns true for the first call only, over all processes, and false at `expiresAt` (epoch milliseconds) and later. */
  async consume(nonce: string, expiresAt: number): Promise<boolean> {
    if (expiresAt <= this.clock.nowMs()) return false;
    try {
      await this.database.run(({ manager }) => manager.insert(AuthStateEntity, { nonce, expiresAt }));
      return true;
    } catch (error) {
      if (error instanceof DuplicateKeyError) return false;
      throw error;
    }
  }

  /** Deletes what has expired: such a state is refused by its time. Returns how many. */
  async purge(): Promise<number> {
    const expired = { expiresAt: LessThanOrEqual(this.clock.nowMs()) };
    const { affected } = await this.database.run(({ manager }) => manager.delete(AuthStateEntity, expired));
    return affected ?? 0;
  }
}
