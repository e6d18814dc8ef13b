import { systemClock } from '#clock';
import type { Config } from '#config';
import { Database } from '#database';

/** Brings the schema up to date, under a lock; several at once do it once. */
export async function migrateDatabase(config: Config, say: (line: string) => void): Promise<void> {
  const database = await Database.open(config.database, { clock: systemClock });
  try {
    const names = await database.migrate();
    say(names.length === 0 ? 'The database schema is up to date.' : `Migrated the database: ${names.join(', ')}`);
  } finally {
    await database.close();
  }
}
