import { Injectable } from '@nestjs/common';
import { LessThanOrEqual, MoreThan } from 'typeorm';
import { Clock } from '#domain';
import { Database } from '../database.js';
import { AuthStateEntity } from '../entities/auth-state.entity.js';

/** OAuth consents that have begun: makes the signed `state` single-use. */
@Injectable()
export class AuthStateStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Adds a consent that has begun. `expiresAt` is in epoch milliseconds. Throws DuplicateKeyError for a known nonce. */
  async add(nonce: string, expiresAt: number): Promise<void> {
    await this.database.run(({ manager }) => manager.insert(AuthStateEntity, { nonce, expiresAt }));
  }

  /** Deletes the nonce. Returns true exactly once for a nonce that was added and has not expired, over all processes. */
  async consume(nonce: string): Promise<boolean> {
    const unexpired = { nonce, expiresAt: MoreThan(this.clock.nowMs()) };
    const { affected } = await this.database.run(({ manager }) => manager.delete(AuthStateEntity, unexpired));
    return affected === 1;
  }

  /** Deletes expired consents. Returns how many. */
  async purge(): Promise<number> {
    const expired = { expiresAt: LessThanOrEqual(this.clock.nowMs()) };
    const { affected } = await this.database.run(({ manager }) => manager.delete(AuthStateEntity, expired));
    return affected ?? 0;
  }
}
