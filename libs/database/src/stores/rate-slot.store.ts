import { Injectable } from '@nestjs/common';
import { Database } from '../database.js';
import { DuplicateKeyError } from '../database-errors.js';
import { RateSlotEntity } from '../entities/rate-slot.entity.js';
import { incoming, placeholders, selectRows, upsertRows } from '../entity-sql.js';

/** A slot as it was read (undefined: it did not exist) and its new value. */
export interface SlotMove {
  readonly key: string;
  readonly from: number | undefined;
  readonly to: number;
}

class RaceLostError extends Error {}

/** When the next request under each vendor limit may begin. All processes share it. Times are epoch milliseconds. */
// SQL by hand: every request to a vendor reads and moves its slots by compare-and-set.
@Injectable()
export class RateSlotStore {
  constructor(private readonly database: Database) {}

  /** Returns the slots by key. Keys that were never used are left out. */
  async find(keys: readonly string[]): Promise<Map<string, number>> {
    const tail = `WHERE slot_key IN (${placeholders(keys.length)})`;
    const rows = await selectRows(this.database, { entity: RateSlotEntity, fields: ['key', 'nextAt'], tail, params: keys });
    return new Map(rows.map(({ key, nextAt }) => [key, nextAt]));
  }

  /** Sets a slot over any other value. */
  async put(key: string, nextAt: number): Promise<void> {
    await upsertRows(this.database, { entity: RateSlotEntity, key: ['key'], update: incoming('nextAt'), rows: [{ key, nextAt }] });
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
    await this.database.transaction(async () => {
      for (const each of moves) {
        await this.move(each);
      }
    });
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
