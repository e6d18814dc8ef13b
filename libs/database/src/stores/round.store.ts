import { Injectable } from '@nestjs/common';
import { LessThanOrEqual } from 'typeorm';
import { Database } from '../database.js';
import { DuplicateKeyError } from '../database-errors.js';
import { upsertRows } from '../entity-sql.js';
import { RateSlotEntity } from '../entities/rate-slot.entity.js';

/** Rounds of recurring work over all processes. They share the table of the rate slots: both say when the next one may begin. */
@Injectable()
export class RoundStore {
  constructor(private readonly database: Database) {}

  /**
   * Claims the round at `roundMs` for one process. True for the first caller. No later call gets a round of that name until
   * `quietMs` after `roundMs`. `roundMs` is in epoch milliseconds.
   */
  async claim(name: string, roundMs: number, quietMs: number): Promise<boolean> {
    const key = `round:${name}`;
    const nextAt = roundMs + quietMs;
    const due = { key, nextAt: LessThanOrEqual(roundMs) };
    const { affected } = await this.database.run(({ manager }) => manager.update(RateSlotEntity, due, { nextAt }));
    return affected === 1 || this.claimFirst(key, nextAt);
  }

  /** Returns until when the last claimed round of that name is the last one, epoch milliseconds; null when none was claimed. */
  async findNext(name: string): Promise<number | null> {
    const slot = await this.database.run(({ manager }) => manager.findOneBy(RateSlotEntity, { key: `round:${name}` }));
    return slot?.nextAt ?? null;
  }

  /** Records that a process of this kind is alive. */
  async beat(kind: 'worker'): Promise<void> {
    const nextAt = await this.database.nowMs();
    const rows = [{ key: `heartbeat:${kind}`, nextAt }];
    await upsertRows(this.database, { entity: RateSlotEntity, key: ['key'], update: { nextAt: 'incoming' }, rows });
  }

  /** Returns for how long no process of this kind has reported, in milliseconds by the database's clock; null when none ever has. */
  async findSilenceMs(kind: 'worker'): Promise<number | null> {
    const slot = await this.database.run(({ manager }) => manager.findOneBy(RateSlotEntity, { key: `heartbeat:${kind}` }));
    return slot === null ? null : Math.max(0, (await this.database.nowMs()) - slot.nextAt);
  }

  private async claimFirst(key: string, nextAt: number): Promise<boolean> {
    if (await this.database.run(({ manager }) => manager.existsBy(RateSlotEntity, { key }))) return false;
    try {
      await this.database.run(({ manager }) => manager.insert(RateSlotEntity, { key, nextAt }));
      return true;
    } catch (error) {
      if (error instanceof DuplicateKeyError) return false;
      throw error;
    }
  }
}
