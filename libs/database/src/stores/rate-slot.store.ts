import type { Database } from '../database.js';
import { DuplicateKeyError } from '../database-errors.js';
import { placeholders, upsertRows } from '../sql.js';

/** A slot as it was read (undefined: there was none) and as it shall be. */
export interface SlotMove {
  readonly key: string;
  readonly from: number | undefined;
  readonly to: number;
}

class RaceLost extends Error {}

const move = async (database: Database, { key, from, to }: SlotMove): Promise<void> => {
  if (from === undefined) {
    await database.execute('INSERT INTO rate_slots (slot_key, next_at) VALUES (?, ?)', [key, to]);
    return;
  }
  const moved = await database.execute('UPDATE rate_slots SET next_at = ? WHERE slot_key = ? AND next_at = ?', [to, key, from]);
  if (moved === 0) {
    throw new RaceLost();
  }
};

/** When the next request under each vendor limit may begin, shared by all processes. */
export class RateSlotStore {
  constructor(private readonly database: Database) {}

  /** By key; keys never used are left out. */
  async find(keys: readonly string[]): Promise<Map<string, number>> {
    const rows = await this.database.query<{ slot_key: string; next_at: number }>(
      `SELECT slot_key, next_at FROM rate_slots WHERE slot_key IN (${placeholders(keys.length)})`,
      keys,
    );
    return new Map(rows.map((row) => [row.slot_key, row.next_at]));
  }

  /** Sets a slot, whatever stood there. */
  async put(key: string, nextAt: number): Promise<void> {
    await upsertRows(this.database, {
      table: 'rate_slots',
      columns: ['slot_key', 'next_at'],
      key: ['slot_key'],
      update: { next_at: 'incoming' },
      rows: [[key, nextAt]],
    });
  }

  /** Makes all moves, or none and gives false when somebody moved one of the slots since it was read. */
  async tryMove(moves: readonly SlotMove[]): Promise<boolean> {
    const [only, ...more] = moves;
    try {
      await (only && more.length === 0 ? move(this.database, only) : this.moveTogether(moves));
      return true;
    } catch (error) {
      if (error instanceof RaceLost || error instanceof DuplicateKeyError) {
        return false;
      }
      throw error;
    }
  }

  private async moveTogether(moves: readonly SlotMove[]): Promise<void> {
    await this.database.transaction(async () => {
      for (const each of moves) {
        await move(this.database, each);
      }
    });
  }
}
