import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';

/** Another living server keeps its log in that directory. */
export class DirectoryLockedError extends Error {}

/**
 * Keeps two servers from writing the same log, beanstalkd among them: it locks its file `lock` with the same kind of lock
 * that SQLite uses. Node has no call for that, so SQLite is made to hold it: an open transaction on a database that stays
 * empty. The kernel gives the lock free with the process, however that ends.
 */
export class DirectoryLock {
  private constructor(private readonly file: BetterSqlite3.Database) {}

  /** Makes the directory when there is none. Throws DirectoryLockedError. */
  static acquire(directory: string): DirectoryLock {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    try {
      return new DirectoryLock(lockFile(join(directory, 'lock')));
    } catch (error) {
      if (isBusy(error)) throw new DirectoryLockedError(`${directory} is in use by another server`, { cause: error });
      throw new Error(`${directory} cannot be locked: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  release(): void {
    this.file.close();
  }
}

function lockFile(path: string): BetterSqlite3.Database {
  const file = new BetterSqlite3(path, { timeout: 0 });
  try {
    file.pragma('journal_mode = memory');
    file.exec('BEGIN EXCLUSIVE');
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}
