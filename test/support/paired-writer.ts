import type { Database } from '#database';
import { LARGE_ACCOUNT_ID } from './large-account.js';

const FIRST_ID = 8_000_000_000_000;

/**
 * Writes pairs of a contact and its address, each pair in one transaction, until it is stopped. A copy in which a contact has no address
 * is no state that the database ever had.
 */
export class PairedWriter {
  private written = 0;
  private isStopped = false;
  private readonly ended: Promise<void>;

  constructor(private readonly database: Database) {
    this.ended = this.write();
  }

  /** How many pairs are committed. */
  get pairs(): number {
    return this.written;
  }

  /** Waits for the pair that is under way. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await this.ended;
  }

  private async write(): Promise<void> {
    while (!this.isStopped) {
      const id = FIRST_ID + this.written;
      await this.database.transaction(async () => {
        await this.database.execute('INSERT INTO contacts (account_id, contact_id, name, fields, updated_at) VALUES (?, ?, ?, ?, 1)', [LARGE_ACCOUNT_ID, id, 'new', '{}']); // prettier-ignore
        await this.database.execute('INSERT INTO contact_addresses (account_id, email, contact_id) VALUES (?, ?, ?)', [LARGE_ACCOUNT_ID, `new${id}@example.org`, id]); // prettier-ignore
      });
      this.written += 1;
      // A macrotask: the copy in this process gets its turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** How many pairs of a {@link PairedWriter} a database has. Throws when a contact has no address. */
export async function countPairs(database: Database): Promise<number> {
  const count = async (table: string) =>
    (await database.query<{ total: number }>(`SELECT count(*) AS total FROM ${table} WHERE contact_id >= ? AND contact_id < ?`, [FIRST_ID, FIRST_ID + 1_000_000_000]))[0]?.total ?? 0; // prettier-ignore
  const [contacts, addresses] = [await count('contacts'), await count('contact_addresses')];
  if (contacts !== addresses) throw new Error(`${contacts} contacts, ${addresses} addresses`);
  return contacts;
}
