import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';

/** Another server (embedded, or beanstalkd) uses the log directory. */
export class DirectoryLockedError extends Error {}

/**
 * Makes sure that only one server writes a log. It is beanstalkd 1.12's own lock: a POSIX record lock on the file `lock`. Node
 * has no call for such a lock, but SQLite takes one: the lock is an open transaction on an empty database in that file. The
 * kernel releases the lock when the process ends in any way.
 */
export class DirectoryLock {
  private constructor(private readonly file: BetterSqlite3.Database) {}

  /** Locks `directory` and creates it when needed. Throws DirectoryLockedError when it is in use, Error when it cannot be locked. */
  static acquire(directory: string): DirectoryLock {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    try {
      return new DirectoryLock(lockFile(join(directory, 'lock')));
    } catch (error) {
      if (isBusy(error)) throw new DirectoryLockedError(`${directory} is in use by another server`, { cause: error });
      throw new Error(`${directory} cannot be locked: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  /** Releases the lock. The file stays. */
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
