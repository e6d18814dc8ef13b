import { systemClock } from '#clock';
import { type Config, readServiceVersion } from '#config';
import { Database, copyBeforeUpgrade } from '#database';
import type { CommandContext } from '../command-context.js';
import { type CommandResult, toResult } from '../output/result.js';

/** What an update of the schema did. */
export interface Migrated {
  readonly migrations: readonly string[];
  /** The copy of the SQLite database from before; null when nothing was pending, for a new database, and with MySQL. */
  readonly copy: string | null;
}

/** Updates the database schema under a lock, so several processes at once migrate only once. Copies an SQLite database first. */
export async function migrateDatabase({ database: location }: Config): Promise<Migrated> {
  const database = await Database.open(location, { clock: systemClock });
  try {
    await database.refuseNewerSchema();
    const isPending = (await database.pendingMigrations()).length > 0;
    const copy = isPending && location.kind === 'sqlite' ? await copyBeforeUpgrade(location.path, await readServiceVersion()) : undefined;
    return { migrations: await database.migrate(), copy: copy ?? null };
  } finally {
    await database.close();
  }
}

/** Describes what {@link migrateDatabase} did. */
export function describeMigrations({ migrations, copy }: Migrated): string[] {
  if (migrations.length === 0) return ['The database schema is up to date.'];
  const done = `Migrated the database: ${migrations.join(', ')}`;
  return copy === null ? [done] : [`Copied the database to ${copy} first; docs/OPERATIONS.md says how to go back.`, done];
}

/** Updates the database schema. */
export async function runMigrate(context: CommandContext): Promise<CommandResult> {
  const migrated = await migrateDatabase(context.loadConfig());
  return toResult(migrated, ...describeMigrations(migrated));
}
