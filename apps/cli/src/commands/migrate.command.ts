import { systemClock } from '#clock';
import type { Config } from '#config';
import { Database } from '#database';

/** Updates the database schema under a lock, so several processes at once migrate only once. */
export async function migrateDatabase(config: Config, print: (line: string) => void): Promise<void> {
  const database = await Database.open(config.database, { clock: systemClock });
  try {
    const names = await database.migrate();
    print(names.length === 0 ? 'The database schema is up to date.' : `Migrated the database: ${names.join(', ')}`);
  } finally {
    await database.close();
  }
}
