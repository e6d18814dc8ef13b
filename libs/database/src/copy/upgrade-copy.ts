import { readdirSync, rmSync, statSync, existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { toDiskError } from './backup-file.js';
import { copySqliteDatabase, createPrivateFile, publishFile, removeSqliteFiles } from './sqlite-files.js';

const KEPT_COPIES = 3;

/** The migrations that a database has run, as one text; undefined for a database without tables. */
function readSchema(path: string): string | undefined {
  const file = new BetterSqlite3(path, { readonly: true });
  try {
    const tables = file.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'").pluck().all();
    if (tables.every((name) => name === 'migrations')) return undefined;
    return tables.includes('migrations') ? JSON.stringify(file.prepare('SELECT name FROM migrations ORDER BY name').pluck().all()) : '[]';
  } finally {
    file.close();
  }
}

/** A copy of the same schema is replaced. Another one stays: an upgrade of several migrations failed between them. */
function chooseCopy(path: string, version: string, schema: string): string {
  for (let number = 1; ; number += 1) {
    const copy = `${path}.before-${version}${number === 1 ? '' : `-${number}`}`;
    if (!existsSync(copy) || readSchema(copy) === schema) return copy;
  }
}

function removeOldCopies(path: string): void {
  const prefix = `${basename(path)}.before-`;
  const copies = readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix))
    .map((name) => join(dirname(path), name))
    .toSorted((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
  for (const copy of copies.slice(KEPT_COPIES)) rmSync(copy, { force: true });
}

/**
 * Copies an SQLite database before `version` migrates it, and deletes all but the last three copies. Returns the path of the copy;
 * undefined for a database without tables. Throws an error with the code `ENOSPC` when the disk is full.
 */
export async function copyBeforeUpgrade(path: string, version: string): Promise<string | undefined> {
  const schema = path === ':memory:' ? undefined : readSchema(path);
  if (schema === undefined) return undefined;
  const copy = chooseCopy(path, version, schema);
  const draft = `${path}.copying`;
  try {
    createPrivateFile(draft);
    await copySqliteDatabase(path, draft);
    publishFile(draft, copy);
  } catch (error) {
    throw toDiskError(error, copy);
  } finally {
    removeSqliteFiles(draft);
  }
  removeOldCopies(path);
  return copy;
}
