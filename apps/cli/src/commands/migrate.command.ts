import { systemClock } from '#clock';
import type { Config } from '#config';
import { Database } from '#database';
import type { CommandContext } from '../command-context.js';
import { type CommandResult, toResult } from '../output/result.js';

/** Updates the database schema under a lock, so several processes at once migrate only once. Returns the migrations that ran. */
export async function migrateDatabase(config: Config): Promise<string[]> {
  const database = await Database.open(config.database, { clock: systemClock });
  try {
    return await database.migrate();
  } finally {
    await database.close();
  }
}

/** Describes what {@link migrateDatabase} did. */
export const describeMigrations = (names: readonly string[]): string =>
  names.length === 0 ? 'The database schema is up to date.' : `Migrated the database: ${names.join(', ')}`;

/** Updates the database schema. */
export async function runMigrate(context: CommandContext): Promise<CommandResult> {
  const migrations = await migrateDatabase(context.loadConfig());
  return toResult({ migrations }, describeMigrations(migrations));
}
