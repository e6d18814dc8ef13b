import 'reflect-metadata';
import type mysql from 'mysql2';
import { DataSource } from 'typeorm';
import type { DataSourceOptions } from 'typeorm';
import type { Secret } from '#domain';
import { migrations } from '../../../migrations/index.js';
import * as entities from './entities/index.js';
import { ImmediateSqlite } from './sqlite-gate.js';

/** An SQLite database. */
export interface SqliteLocation {
  readonly kind: 'sqlite';
  /** A file, which is created if missing, or `:memory:`. */
  readonly path: string;
}

/** A MySQL or MariaDB server, or a compatible cluster. */
export interface MysqlLocation {
  readonly kind: 'mysql';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: Secret;
  readonly database: string;
}

/** Where the database is. */
export type DatabaseLocation = SqliteLocation | MysqlLocation;

const CONNECT_TIMEOUT_MS = 5_000;
/** While the file is opened, before the process serves: another process may create it at the same time. */
const OPEN_TIMEOUT_MS = 5_000;

const shared = {
  entities: Object.values(entities),
  migrations,
  migrationsTableName: 'migrations',
  synchronize: false,
  logging: false,
};

/** The SQL function of SQLite that replaces its own clock in tests. */
export const GIVEN_NOW_SQL = 'given_now_ms()';

const sqliteOptions = (location: SqliteLocation, givenNowMs: (() => number) | undefined): DataSourceOptions => ({
  ...shared,
  type: 'better-sqlite3',
  database: location.path,
  driver: ImmediateSqlite,
  enableWAL: true,
  timeout: OPEN_TIMEOUT_MS,
  prepareDatabase: (connection: InstanceType<typeof ImmediateSqlite>) => {
    // What was acknowledged survives a power failure. With a log, `Database` waits for the disk instead.
    connection.pragma('synchronous = FULL');
    // The log is copied into the database after 64 MiB: an import changes the same pages again and again, and a copy blocks the thread.
    connection.pragma('wal_autocheckpoint = 16000');
    // What a savepoint must restore stays in memory. On disk, each upsert of hundreds of rows would write its pages once more.
    connection.pragma('temp_store = MEMORY');
    // Deleted personal data is overwritten, not only unlinked.
    connection.pragma('secure_delete = ON');
    connection.pragma('foreign_keys = ON');
    if (givenNowMs) connection.function('given_now_ms', () => Math.trunc(givenNowMs()));
  },
});

/**
 * Every session reads the latest commit (the read after a lock must be fresh), refuses values that do not fit, allows backslash
 * escapes, on which mysql2's quoting relies, and has a clock that repeats no hour when summer time ends.
 */
const SESSION = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'",
  'SET SESSION innodb_lock_wait_timeout = 10',
  "SET SESSION time_zone = '+00:00'",
];

/** Loads the driver of MySQL. A process with SQLite does not load it: it needs some MiB. */
async function loadMysqlDriver() {
  const { default: driver } = await import('mysql2');
  const createPool = (options: mysql.PoolOptions): mysql.Pool => {
    const pool = driver.createPool(options);
    pool.on('connection', (connection) => {
      for (const statement of SESSION) {
        connection.query(statement, () => {});
      }
    });
    return pool;
  };
  return { ...driver, createPool };
}

const mysqlOptions = async (location: MysqlLocation, poolSize: number): Promise<DataSourceOptions> => ({
  ...shared,
  // With 'mysql', TypeORM reports a drift for every nullable column of MariaDB.
  type: 'mariadb',
  driver: await loadMysqlDriver(),
  host: location.host,
  port: location.port,
  username: location.user,
  password: location.password.reveal(),
  database: location.database,
  charset: 'UTF8MB4_BIN',
  supportBigNumbers: true,
  bigNumberStrings: false,
  connectTimeout: CONNECT_TIMEOUT_MS,
  poolSize,
  // A value that is no string, number, boolean, date or buffer is written as a string, never as a part of the statement.
  extra: { decimalNumbers: true, enableKeepAlive: true, stringifyObjects: true, multipleStatements: false, namedPlaceholders: false },
});

/** With `utf8mb4_bin`, `=` and unique keys compare bytes, as SQLite does: `a@x` is not `A@x`. SQLite refuses the collation. */
const setBinaryCollation = (source: DataSource): void => {
  for (const column of source.entityMetadatas.flatMap((entity) => entity.columns)) {
    if (column.type === 'varchar' || column.type === 'text') {
      column.charset = 'utf8mb4';
      column.collation = 'utf8mb4_bin';
    }
  }
};

class BinaryMysqlDataSource extends DataSource {
  protected override async buildMetadatas(): Promise<void> {
    await super.buildMetadatas();
    setBinaryCollation(this);
  }
}

/** What a data source needs besides its location. */
interface SourceOptions {
  /** MySQL connections of this process. Default 10. */
  readonly poolSize?: number;
  /** Gives SQLite the function {@link GIVEN_NOW_SQL}, epoch milliseconds. */
  readonly databaseNowMs?: () => number;
}

/** Creates TypeORM's data source, for Database and for TypeORM's command line (ormconfig.ts). */
export const createDataSource = async (
  location: DatabaseLocation,
  { poolSize = 10, databaseNowMs }: SourceOptions = {},
): Promise<DataSource> =>
  location.kind === 'sqlite'
    ? new DataSource(sqliteOptions(location, databaseNowMs))
    : new BinaryMysqlDataSource(await mysqlOptions(location, poolSize));
