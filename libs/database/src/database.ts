import { AsyncLocalStorage } from 'node:async_hooks';
import { resolve } from 'node:path';
import type { DataSource, EntityMetadata } from 'typeorm';
import { systemElapsedMs } from '#clock';
import { BugError, type Clock, InvalidInputError } from '#domain';
import { migrations } from '../../../migrations/index.js';
import { GIVEN_NOW_SQL, createDataSource } from './data-source.js';
import type { DatabaseLocation } from './data-source.js';
import { ConflictError, DuplicateKeyError, toOpenError, toServiceError } from './database-errors.js';
import { withMigrationLock } from './migration-lock.js';
import { type DatabaseKind, DatabaseSession, type SqlValue, type TransactionOptions } from './session.js';
import { closeGate, openGate } from './sqlite-gate.js';
import type { SqliteGate } from './sqlite-gate.js';
import { SyncedFile, WriteAheadLog } from './write-ahead-log.js';

/** What a database needs besides its location. */
export interface DatabaseOptions {
  readonly clock: Clock;
  /** MySQL connections of this process. Default 10. */
  readonly poolSize?: number;
  /** Replaces the database's own clock in tests; epoch milliseconds. */
  readonly databaseNowMs?: () => number;
  /** Brings SQLite's log, a file, to the disk. Tests replace it. */
  readonly syncLog?: (path: string) => Promise<void>;
}

const ATTEMPTS = 5;
const RETRY_BASE_MS = 20;
/** SQLite waits for a lock by blocking the thread. Longer waits sleep between attempts. */
const SQLITE_BLOCKING_WAIT_MS = 5;
const SQLITE_LONGEST_SLEEP_MS = 100;
/** SQLite gives the lock to the process that asks first when it is free: in the first second, asking often gets it. */
const SQLITE_SHORT_SLEEP_MS = 20;
const SQLITE_SHORT_SLEEPS_FOR_MS = 1_000;
/** Another process that holds the write lock of the file for longer makes the work fail. */
const SQLITE_WAIT_MS = 10_000;
const EMPTY_ATTEMPTS = 25;
const EMPTY_RETRY_MS = 200;
/** A name in the table of the migrations that no migration has. */
const UNFINISHED_COPY = 'UnfinishedCopy';
const READY_WITHIN_MS = 2_000;
/** The row of `rate_slots` that shows whether the database can write. */
const WRITE_PROBE = 'write-probe';

const NOW_SQL: Readonly<Record<DatabaseKind, string>> = {
  sqlite: "CAST((julianday('now') - 2440587.5) * 86400000 + 0.5 AS INTEGER)",
  mysql: 'CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)',
};

/**
 * The service's database, SQLite or MySQL. Transactions are ambient: every statement inside the callback of
 * {@link transaction} joins that transaction, on either kind.
 *
 * A power failure cannot undo what a method has written once its promise resolves, unless a transaction is durable `later`.
 *
 * SQL is portable: `?` placeholders, names in backticks where they are reserved words. Both kinds give numbers for `bigint`,
 * `count(*)` and `sum(…)`, 0 or 1 for booleans, and compare text byte by byte.
 *
 * Errors: TransientError `database_unavailable` (lost, busy, full), DuplicateKeyError, BugError `database_statement_refused`.
 */
export class Database {
  private readonly current = new AsyncLocalStorage<DatabaseSession>();
  /** SQLite's log. Undefined without one: then SQLite waits for the disk in each commit. */
  private log: WriteAheadLog | undefined;
  private logFile: SyncedFile | undefined;

  private constructor(
    private readonly location: DatabaseLocation,
    private readonly source: DataSource,
    private readonly options: DatabaseOptions,
    private readonly gate: SqliteGate | undefined,
  ) {}

  /**
   * Opens the database without migrating it. Throws TransientError `database_unavailable` when the server cannot be reached, and
   * InvalidInputError `bad_configuration` when it refuses the user or the database.
   */
  static async open(location: DatabaseLocation, options: DatabaseOptions): Promise<Database> {
    const source = await createDataSource(location, options);
    try {
      await source.initialize();
      if (location.kind === 'sqlite') await source.query(`PRAGMA busy_timeout = ${SQLITE_BLOCKING_WAIT_MS}`);
    } catch (error) {
      throw toOpenError(error, location);
    }
    const gate = location.kind === 'sqlite' ? openGate(gateKey(location.path)) : undefined;
    const database = new Database(location, source, options, gate);
    await database.findLog();
    return database;
  }

  /** SQLite keeps no log in memory and on some network drives. */
  private async findLog(): Promise<void> {
    if (this.location.kind === 'mysql') return;
    const [mode] = await this.query<{ journal_mode: string }>('PRAGMA journal_mode');
    if (mode?.journal_mode !== 'wal') return;
    // SQLite itself would wait for the disk inside each commit, and block the thread.
    await this.query('PRAGMA synchronous = NORMAL');
    // SQLite follows a symbolic link: the log is beside the file, not beside the link.
    const [main] = await this.query<{ file: string }>('PRAGMA database_list');
    const path = `${main?.file ?? this.location.path}-wal`;
    const file = new SyncedFile(path);
    await file.open();
    this.logFile = file;
    const { syncLog = () => file.sync() } = this.options;
    this.log = new WriteAheadLog(
      () => syncLog(path),
      () => this.emptyLog(),
    );
  }

  /** The SQL dialect. */
  get kind(): DatabaseKind {
    return this.location.kind;
  }

  /**
   * The present time as a SQL expression: epoch milliseconds by the database's clock, which all processes share. Their own clocks may
   * differ by minutes.
   */
  get nowSql(): string {
    const { databaseNowMs } = this.options;
    if (!databaseNowMs) return NOW_SQL[this.kind];
    return this.kind === 'sqlite' ? GIVEN_NOW_SQL : String(Math.trunc(databaseNowMs()));
  }

  /** Reads the database's clock, see {@link nowSql}. */
  async nowMs(): Promise<number> {
    const [row] = await this.query<{ nowMs: number }>(`SELECT ${this.nowSql} AS nowMs`);
    return row?.nowMs ?? 0;
  }

  /** TypeORM's description of an entity's table and columns. */
  metadataOf(entity: new () => object): EntityMetadata {
    return this.source.getMetadata(entity);
  }

  /** Whether the caller is inside a transaction. */
  get isInTransaction(): boolean {
    return this.findSession()?.isInTransaction ?? false;
  }

  /** The rows of a SELECT. */
  async query<R extends object = Record<string, unknown>>(sql: string, params: readonly SqlValue[] = []): Promise<R[]> {
    return this.run((session) => session.query<R>(sql, params));
  }

  /** How many rows an UPDATE or DELETE matched, changed or not. Of an upsert the number means nothing. */
  async execute(sql: string, params: readonly SqlValue[] = []): Promise<number> {
    return this.run((session) => session.execute(sql, params));
  }

  /** Runs a statement once for each row: for all rows, or for none. SQLite only, see {@link DatabaseSession.executeEach}. */
  async executeEach(sql: string, rows: readonly (readonly SqlValue[])[]): Promise<void> {
    return this.run((session) => session.executeEach(sql, rows));
  }

  /**
   * Lends `work` the connection of the ambient transaction, or else a connection of its own. Without a transaction, `work` runs
   * again after a lost race for a lock; then it must be one statement. `work` cannot begin a transaction.
   */
  async run<T>(work: (session: DatabaseSession) => Promise<T>): Promise<T> {
    const session = this.findSession();
    if (session) return work(session);
    const { result, mayHaveWritten } = await this.runAlone(work);
    if (mayHaveWritten) await this.log?.sync();
    return result;
  }

  /** Runs `work` on a session of its own. With a log, a power failure can undo what it has written. */
  private async runAlone<T>(work: (session: DatabaseSession) => Promise<T>): Promise<{ result: T; mayHaveWritten: boolean }> {
    return this.repeatAfterConflict(() =>
      this.throughGate(() =>
        this.withSession(async (session) => {
          const result = await this.current.run(session, () => work(session));
          return { result, mayHaveWritten: session.mayHaveWritten };
        }),
      ),
    );
  }

  /**
   * Commits what `work` did, or nothing of it when it throws. `work` runs again after a deadlock or a lost race for a lock:
   * its effects outside the database must be safe to repeat. A call inside a transaction joins the outer one, with its options. Never
   * await the network inside: on SQLite the whole process waits.
   */
  async transaction<T>(work: () => Promise<T>, { durable = 'now' }: Pick<TransactionOptions, 'durable'> = {}): Promise<T> {
    const outer = this.findSession();
    if (outer?.isInTransaction) {
      return work();
    }
    if (outer) {
      throw new BugError('a transaction cannot begin inside `run`', { code: 'database_transaction_misplaced' });
    }
    const attempt = () => this.withSession((session) => this.attempt(session, work));
    const result = await this.repeatAfterConflict(() => this.throughGate(attempt));
    if (durable === 'now') await this.log?.sync();
    return result;
  }

  /**
   * Runs `work` in one transaction that sees the database as it was at the first statement. On SQLite no other process writes meanwhile.
   * Otherwise as {@link transaction}.
   */
  async snapshot<T>(work: () => Promise<T>): Promise<T> {
    return this.throughGate(() => this.withSession((session) => this.attempt(session, work, { isolation: 'REPEATABLE READ' })));
  }

  /**
   * Makes SQLite write its log into the database and empty it: the log may still hold rows that were deleted. Returns false when
   * another process reads the log for more than five seconds. MySQL needs nothing.
   */
  async emptyLog(): Promise<boolean> {
    if (this.kind === 'mysql') return true;
    if (this.findSession())
      throw new BugError('the log cannot be emptied inside a transaction', { code: 'database_transaction_misplaced' });
    for (let attempt = 1; ; attempt += 1) {
      const { result } = await this.runAlone((session) => session.query<{ busy: number }>('PRAGMA wal_checkpoint(TRUNCATE)'));
      if (result[0]?.busy === 0) return true;
      if (attempt === EMPTY_ATTEMPTS) return false;
      await this.options.clock.sleep(EMPTY_RETRY_MS);
    }
  }

  /** Whether the database responds within two seconds. Never throws. */
  async isReady(): Promise<boolean> {
    return this.succeedsInTime(this.query('SELECT 1'));
  }

  /**
   * Writes one small row, and returns whether that was committed within two seconds: a full disk and a read-only database still read.
   * Never throws. Needs the migrated schema.
   */
  async probeWrite(): Promise<boolean> {
    return this.succeedsInTime(this.writeProbe());
  }

  private async writeProbe(): Promise<void> {
    const changed = await this.execute('UPDATE rate_slots SET next_at = next_at + 1 WHERE slot_key = ?', [WRITE_PROBE]);
    if (changed > 0) return;
    await this.execute('INSERT INTO rate_slots (slot_key, next_at) VALUES (?, 1)', [WRITE_PROBE]).catch((error: unknown) => {
      if (!(error instanceof DuplicateKeyError)) throw error;
    });
  }

  private async succeedsInTime(work: Promise<unknown>): Promise<boolean> {
    const waiting = new AbortController();
    const responded = work.then(
      () => true,
      () => false,
    );
    const late = this.options.clock.sleep(READY_WITHIN_MS, waiting.signal).then(
      () => false,
      () => false,
    );
    const ready = await Promise.race([responded, late]);
    waiting.abort();
    return ready;
  }

  /** Returns the names of the migrations that the database has not run, oldest first. */
  async pendingMigrations(): Promise<string[]> {
    const done = new Set(await this.executedMigrations());
    return migrations.map((migration) => migration.name).filter((name) => !done.has(name));
  }

  /** Returns the names of the migrations that the database has run and this version does not know: a newer version wrote it. */
  async unknownMigrations(): Promise<string[]> {
    const known = new Set([UNFINISHED_COPY, ...migrations.map((migration) => migration.name)]);
    return (await this.executedMigrations()).filter((name) => !known.has(name));
  }

  private async refuseUnfinishedCopy(): Promise<void> {
    if (!(await this.hasUnfinishedCopy())) return;
    const message = 'The copy into the database is unfinished: run the command that began it again';
    throw new InvalidInputError(message, { code: 'bad_configuration' });
  }

  /** Throws InvalidInputError `bad_configuration` when a newer version wrote the schema, or when a copy into the database is unfinished. */
  async refuseNewerSchema(): Promise<void> {
    await this.refuseUnfinishedCopy();
    const unknown = await this.unknownMigrations();
    if (unknown.length === 0) return;
    const message = `The database was written by a newer version of the service (${unknown.join(', ')}): use that version, or restore a backup`;
    throw new InvalidInputError(message, { code: 'bad_configuration' });
  }

  /** Whether a copy into this database has begun and has not ended. */
  async hasUnfinishedCopy(): Promise<boolean> {
    return (await this.executedMigrations()).includes(UNFINISHED_COPY);
  }

  /** Makes every process refuse the database until {@link endCopy}. Safe to repeat. */
  async beginCopy(): Promise<void> {
    if (await this.hasUnfinishedCopy()) return;
    await this.execute('INSERT INTO migrations (timestamp, name) VALUES (?, ?)', [0, UNFINISHED_COPY]);
  }

  /** Undoes {@link beginCopy}. */
  async endCopy(): Promise<void> {
    await this.execute('DELETE FROM migrations WHERE name = ?', [UNFINISHED_COPY]);
  }

  /** Returns the version of the database server, or of SQLite. */
  async version(): Promise<string> {
    const [row] = await this.query<{ version: string }>(`SELECT ${this.kind === 'sqlite' ? 'sqlite_version()' : 'version()'} AS version`);
    return row?.version ?? '';
  }

  /**
   * Runs the pending migrations and returns their names. Safe to call from several processes at once: one process runs them,
   * the others wait, for up to a minute. Then they throw TransientError `migrations_locked`. Throws as {@link refuseNewerSchema} does.
   */
  async migrate(): Promise<string[]> {
    await this.refuseNewerSchema();
    return withMigrationLock({ location: this.location, source: this.source, clock: this.options.clock }, async () => {
      const run = () => this.source.runMigrations({ transaction: 'each' }).catch(rethrowAsServiceError);
      const done = await this.repeatAfterConflict(() => this.throughGate(run));
      await this.log?.sync();
      return done.map((migration) => migration.name);
    }).catch(rethrowAsServiceError);
  }

  /** Returns the statements that would change the schema to match the entities: empty unless a migration is missing. */
  async drift(): Promise<string[]> {
    const { upQueries } = await this.throughGate(() => this.source.driver.createSchemaBuilder().log());
    return upQueries.map(({ query }) => query);
  }

  /** Undoes the last migration. Without effect when none has run. */
  async revertLastMigration(): Promise<void> {
    await this.throughGate(() => this.source.undoLastMigration({ transaction: 'each' }));
    await this.log?.sync();
  }

  /** Waits for running work and closes the connections. Later statements fail. Without effect the second time. */
  async close(): Promise<void> {
    if (!this.source.isInitialized) {
      return;
    }
    await this.throughGate(async () => {});
    await this.log?.end();
    await this.throughGate(() => this.source.destroy());
    await this.logFile?.close();
    // Node 20 copies the value of every storage that was ever used into each new promise, until it is disabled.
    this.current.disable();
    if (this.location.kind === 'sqlite') {
      closeGate(gateKey(this.location.path));
    }
  }

  private findSession(): DatabaseSession | undefined {
    const session = this.current.getStore();
    return session?.isUsable ? session : undefined;
  }

  /** Sleeps between attempts outside the gate, so that others read meanwhile. */
  private async repeatAfterConflict<T>(work: () => Promise<T>): Promise<T> {
    const beganAtMs = systemElapsedMs();
    let sleptMs = 0;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        // With many that wait, their attempts take longer than the sleeps.
        const waitedMs = Math.max(sleptMs, systemElapsedMs() - beganAtMs);
        const isLast = this.kind === 'sqlite' ? waitedMs >= SQLITE_WAIT_MS : attempt === ATTEMPTS;
        if (!(error instanceof ConflictError) || isLast) {
          throw error;
        }
        const sleepMs = this.retryDelayMs(attempt, waitedMs);
        sleptMs += sleepMs;
        await this.options.clock.sleep(sleepMs);
      }
    }
  }

  /** MySQL has waited for the lock itself. */
  private retryDelayMs(attempt: number, waitedMs: number): number {
    if (this.kind === 'mysql') return RETRY_BASE_MS * 2 ** attempt * Math.random();
    const longestMs = waitedMs < SQLITE_SHORT_SLEEPS_FOR_MS ? SQLITE_SHORT_SLEEP_MS : SQLITE_LONGEST_SLEEP_MS;
    return Math.min(2 ** attempt, longestMs) * (0.5 + Math.random() / 2);
  }

  private async withSession<T>(work: (session: DatabaseSession) => Promise<T>): Promise<T> {
    const session = new DatabaseSession(this.kind, this.source, this.source.createQueryRunner());
    return work(session).finally(() => session.close());
  }

  private throughGate<T>(work: () => Promise<T>): Promise<T> {
    return this.gate ? this.gate.pass(work) : work();
  }

  private async attempt<T>(
    session: DatabaseSession,
    work: () => Promise<T>,
    options: Pick<TransactionOptions, 'isolation'> = {},
  ): Promise<T> {
    try {
      await session.begin(options);
      const result = await this.current.run(session, work);
      await session.commit();
      return result;
    } catch (error) {
      await session.rollBack();
      throw error;
    }
  }

  /** Returns the names of the migrations that the database has run, also those that this version does not know. */
  async executedMigrations(): Promise<string[]> {
    // SQL by hand: TypeORM's own table has no entity, and does not exist before the first migration.
    const rows = (await this.hasMigrationsTable()) ? await this.query<{ name: string }>('SELECT name FROM migrations') : [];
    return rows.map((row) => row.name);
  }

  private async hasMigrationsTable(): Promise<boolean> {
    const [row] = await this.query<{ tables: number }>(
      this.kind === 'sqlite'
        ? "SELECT count(*) AS tables FROM sqlite_master WHERE type = 'table' AND name = 'migrations'"
        : "SELECT count(*) AS tables FROM information_schema.tables WHERE table_schema = database() AND table_name = 'migrations'",
    );
    return row !== undefined && row.tables > 0;
  }
}

function rethrowAsServiceError(error: unknown): never {
  throw toServiceError(error);
}

const gateKey = (path: string): string => (path === ':memory:' ? path : resolve(path));
