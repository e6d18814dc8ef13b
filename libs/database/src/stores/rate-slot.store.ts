import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import { Database } from '../database.js';
import { DuplicateKeyError } from '../database-errors.js';
import { RateSlotEntity } from '../entities/rate-slot.entity.js';
import { placeholders } from '../entity-sql.js';

/** A slot as it was read (undefined: it did not exist) and its new value. */
export interface SlotMove {
  readonly key: string;
  readonly from: number | undefined;
  readonly to: number;
}

class RaceLostError extends Error {}

/** Slots as they were at one time of the database's clock, in epoch milliseconds. Keys that were never used are left out. */
export interface StoredSlots {
  readonly nowMs: number;
  readonly nextAt: ReadonlyMap<string, number>;
}

/** When the next request under each vendor limit may begin. All processes share it. Times are epoch milliseconds. */
// SQL by hand: every request to a vendor reads and moves its slots by compare-and-set.
@Injectable()
export class RateSlotStore {
  constructor(private readonly database: Database) {}

  /** Returns the slots by key and the database's time, read by one statement. */
  async read(keys: readonly string[]): Promise<StoredSlots> {
    const rows = await this.database.query<{ nowMs: number; slotKey: string | null; nextAt: number }>(
      `SELECT present.now_ms AS nowMs, slot.slot_key AS slotKey, slot.next_at AS nextAt
         FROM (SELECT ${this.database.nowSql} AS now_ms) present
         LEFT JOIN rate_slots slot ON slot.slot_key IN (${placeholders(Math.max(1, keys.length))})`,
      keys.length > 0 ? keys : [''],
    );
    const stored = rows.flatMap(({ slotKey, nextAt }): [string, number][] => (slotKey === null ? [] : [[slotKey, nextAt]]));
    return { nowMs: rows[0]?.nowMs ?? 0, nextAt: new Map(stored) };
  }

  /** Deletes slots that were free before `beforeMs`: an unused key needs none. Returns how many. */
  async purge(beforeMs: number): Promise<number> {
    const { affected } = await this.database.run(({ manager }) => manager.delete(RateSlotEntity, { nextAt: LessThan(beforeMs) }));
    return affected ?? 0;
  }

  /** Makes all moves, or none and returns false when another process moved one of the slots since it was read. */
  async tryMove(moves: readonly SlotMove[]): Promise<boolean> {
    const [only, ...more] = moves;
    try {
      await (only && more.length === 0 ? this.move(only) : this.moveTogether(moves));
      return true;
    } catch (error) {
      if (error instanceof RaceLostError || error instanceof DuplicateKeyError) {
        return false;
      }
      throw error;
    }
  }

  private async moveTogether(moves: readonly SlotMove[]): Promise<void> {
    const moveEach = async () => {
      for (const each of moves) {
        await this.move(each);
      }
    };
    // After a power failure the slots are in the past.
    await this.database.transaction(moveEach, { durable: 'later' });
  }

  private async move({ key, from, to }: SlotMove): Promise<void> {
    if (from === undefined) {
      await this.database.execute('INSERT INTO rate_slots (slot_key, next_at) VALUES (?, ?)', [key, to]);
      return;
    }
    const moved = await this.database.execute('UPDATE rate_slots SET next_at = ? WHERE slot_key = ? AND next_at = ?', [to, key, from]);
    if (moved === 0) {
      throw new RaceLostError();
    }
  }
}
