import { closeSync, constants, copyFileSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';

const OWNER_ONLY = 0o600;
const PAGES_AT_ONCE = 10_000;
const BUSY_TIMEOUT_MS = 5_000;
/** What SQLite keeps beside a database. */
const ENDINGS = ['', '-wal', '-shm', '-journal'];

/** Removes a database file and what SQLite keeps beside it. */
export const removeSqliteFiles = (path: string): void => {
  for (const ending of ENDINGS) rmSync(path + ending, { force: true });
};

/** Writes what the operating system holds of a file or folder to the disk. */
function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Gives a finished file its name in one step that survives a power failure. Replaces a file of that name. */
export function publishFile(draft: string, path: string): void {
  sync(draft);
  renameSync(draft, path);
  sync(dirname(path));
}

/** A second name for the file, or a copy where the file system has no links. Fails when `to` exists. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  }
}

/** Creates an empty file that only its owner may read. Removes another file of that name. */
export function createPrivateFile(path: string): void {
  removeSqliteFiles(path);
  closeSync(openSync(path, 'wx', OWNER_ONLY));
}

/**
 * Copies a database that other processes may write meanwhile. The copy is what the database was at one moment: a read transaction is open
 * until the last page is copied. `to` must be an empty file. Throws the error of SQLite, e.g. SQLITE_FULL.
 */
export async function copySqliteDatabase(from: string, to: string): Promise<void> {
  const source = new BetterSqlite3(from, { fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  try {
    source.exec('BEGIN');
    source.prepare('SELECT count(*) FROM sqlite_master').get();
    await source.backup(to, { progress: () => PAGES_AT_ONCE });
  } finally {
    source.close();
  }
  useNoLog(to);
}

/** Makes a database one file, also while it is open. */
function useNoLog(path: string): void {
  const file = new BetterSqlite3(path);
  try {
    file.pragma('journal_mode = DELETE');
  } finally {
    file.close();
  }
}

/** Moves what the write-ahead log contains into the database. Without effect on a damaged database. */
function emptyLog(path: string): void {
  try {
    const file = new BetterSqlite3(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      file.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      file.close();
    }
  } catch {
    // A damaged database is kept aside as it is, with its log.
  }
}

/**
 * Replaces the database `path` by `draft` while no process uses it. The replaced files get a second name in the folder `keepIn` first. A
 * process that is killed at any point leaves either database under `path`, complete.
 */
export function replaceSqliteDatabase(draft: string, path: string, keepIn: string): void {
  if (existsSync(path)) {
    emptyLog(path);
    mkdirSync(keepIn, { recursive: true, mode: 0o700 });
    for (const file of ENDINGS.map((ending) => path + ending).filter((each) => existsSync(each))) {
      linkOrCopy(file, join(keepIn, basename(file)));
    }
  }
  emptyLog(draft);
  // A log beside the new database would be applied to it.
  for (const ending of ENDINGS.slice(1)) rmSync(path + ending, { force: true });
  publishFile(draft, path);
}
