import BetterSqlite3 from 'better-sqlite3';
import type { DataSource } from 'typeorm';
import { TransientError } from '#domain';
import type { Clock } from '#domain';
import { ConflictError, toServiceError } from './database-errors.js';
import type { DatabaseLocation, MysqlLocation, SqliteLocation } from './data-source.js';

interface LockTarget {
  readonly location: DatabaseLocation;
  readonly source: DataSource;
  readonly clock: Clock;
}

const WAIT_MS = 60_000;
const POLL_MS = 50;

const locked = (): TransientError =>
  new TransientError('another process still migrates the database after a minute', { code: 'migrations_locked' });

/** Runs `work` while no other process migrates this database. The lock ends with its process, however the process ends. */
export const withMigrationLock = async <T>(target: LockTarget, work: () => Promise<T>): Promise<T> => {
  const { location } = target;
  if (location.kind === 'mysql') {
    return withNamedLock(location, target.source, work);
  }
  return location.path === ':memory:' ? work() : withLockFile(location, target.clock, work);
};

/** A named lock belongs to a connection and is global on the server, so its name contains the schema. It has at most 64 characters. */
const withNamedLock = async <T>(location: MysqlLocation, source: DataSource, work: () => Promise<T>): Promise<T> => {
  const name = `migrations:${location.database}`.slice(0, 64);
  // SQL by hand: TypeORM knows no named locks.
  const holder = source.createQueryRunner();
  try {
    const [row] = (await holder.query('SELECT GET_LOCK(?, ?) AS granted', [name, WAIT_MS / 1000])) as { granted: number | null }[];
    if (row?.granted !== 1) {
      throw locked();
    }
    return await work().finally(() => holder.query('DO RELEASE_LOCK(?)', [name]));
  } finally {
    await holder.release();
  }
};

/** The lock is a file beside the database: the database itself must stay readable, and every migration changes its own locks. */
const withLockFile = async <T>(location: SqliteLocation, clock: Clock, work: () => Promise<T>): Promise<T> => {
  const file = new BetterSqlite3(`${location.path}.migrations-lock`, { timeout: 0 });
  try {
    await beginExclusive(file, clock);
    return await work();
  } finally {
    file.close();
  }
};

const beginExclusive = async (file: BetterSqlite3.Database, clock: Clock): Promise<void> => {
  const deadline = clock.nowMs() + WAIT_MS;
  while (!tryBeginExclusive(file)) {
    if (clock.nowMs() > deadline) {
      throw locked();
    }
    await clock.sleep(POLL_MS);
  }
};

const tryBeginExclusive = (file: BetterSqlite3.Database): boolean => {
  try {
    file.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (toServiceError(error) instanceof ConflictError) {
      return false;
    }
    throw error;
  }
};
