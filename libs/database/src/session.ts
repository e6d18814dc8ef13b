import type { Database as SqliteConnection } from 'better-sqlite3';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { BugError } from '#domain';
import { ConflictError, toServiceError } from './database-errors.js';
import { SqliteStatements } from './sqlite-statements.js';

/** The SQL dialect; MariaDB and MySQL-compatible clusters are `mysql`. */
export type DatabaseKind = 'sqlite' | 'mysql';

/** A value that can be bound to a `?`. Booleans are stored as 0 and 1, and read back as numbers by SQL. */
export type SqlValue = string | number | boolean | null;

/** mysql2 would write an array or object into the statement as SQL. */
const isBindable = (value: unknown): boolean =>
  value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/** How a transaction runs. */
export interface TransactionOptions {
  /**
   * `now`: a power failure cannot undo the transaction once its promise resolves. `later`: SQLite does not wait for the disk. Until the
   * next write that does, of any process, a power failure may undo this transaction and all after it, but never one alone. Not for work
   * that has an effect outside the database before such a write. MySQL always waits. Default `now`.
   */
  readonly durable?: 'now' | 'later';
  readonly isolation?: 'REPEATABLE READ';
}

/** The result of one statement. */
export interface StatementResult {
  readonly records: object[];
  /** What TypeORM expects of its driver. */
  readonly raw: unknown;
  readonly affected?: number;
}

/**
 * One connection, lent to one piece of work or to one transaction. Every statement passes {@link run}, those of TypeORM's
 * EntityManager too: values are checked, errors are translated, and nothing runs after the end.
 */
export class DatabaseSession {
  private ownRunner: QueryRunner | undefined;
  private ownManager: EntityManager | undefined;
  private isOpen = true;
  private isTransaction = false;
  private isWriter = false;
  private conflict: ConflictError | undefined;

  /** `runner` is TypeORM's. For SQLite it is the same object every time, so a copy per session keeps the state of the transaction. */
  constructor(
    readonly kind: DatabaseKind,
    private readonly source: DataSource,
    private readonly runner: QueryRunner,
  ) {}

  /** TypeORM's manager on this connection. Do not keep it: it is refused after the end of the work. */
  get manager(): EntityManager {
    this.ownManager ??= this.source.createEntityManager(this.guarded);
    return this.ownManager;
  }

  /** Whether a transaction is open on this connection. */
  get isInTransaction(): boolean {
    return this.isOpen && this.isTransaction;
  }

  /** Whether a statement on SQLite may have changed the database. */
  get mayHaveWritten(): boolean {
    return this.isWriter;
  }

  /** Whether the work has not ended. */
  get isUsable(): boolean {
    return this.isOpen;
  }

  /** The rows of a SELECT. */
  async query<R extends object = Record<string, unknown>>(sql: string, params: readonly SqlValue[] = []): Promise<R[]> {
    const { records } = await this.run(sql, params);
    return records as R[];
  }

  /** How many rows an UPDATE or DELETE matched, changed or not. Of an upsert the number means nothing. */
  async execute(sql: string, params: readonly SqlValue[] = []): Promise<number> {
    const { affected } = await this.run(sql, params);
    return affected ?? 0;
  }

  /**
   * Runs a statement once for each row: for all rows, or for none. SQLite only: a statement for one row is prepared once, while one for
   * hundreds of rows is another statement for each number of rows, and keeps hundreds of KiB.
   */
  async executeEach(sql: string, rows: readonly (readonly SqlValue[])[]): Promise<void> {
    const statements = await this.sqliteStatements();
    this.isWriter = true;
    this.guard(sql, rows, () => statements.runEach(sql, rows));
  }

  /** Begins a transaction. TypeORM knows of it, so that its own `save` begins none. */
  async begin({ isolation }: Pick<TransactionOptions, 'isolation'> = {}): Promise<void> {
    await this.guarded.startTransaction(this.kind === 'mysql' ? isolation : undefined);
    this.isTransaction = true;
  }

  /** Throws the conflict that undid the transaction, even when the work caught it. */
  async commit(): Promise<void> {
    if (this.conflict) {
      throw this.conflict;
    }
    await this.guarded.commitTransaction();
  }

  /** Never throws. A MySQL connection that cannot roll back does not return to the pool. */
  async rollBack(): Promise<void> {
    try {
      await this.guarded.rollbackTransaction();
    } catch {
      await this.destroyConnection();
    }
  }

  /** Gives the connection back. Later statements of this session throw BugError `database_transaction_ended`. */
  async close(): Promise<void> {
    this.isOpen = false;
    await this.runner.release();
  }

  /** The runner for TypeORM: its statements pass {@link run}. */
  private get guarded(): QueryRunner {
    this.ownRunner ??= Object.create(this.runner, {
      query: { value: this.queryForTypeorm.bind(this) },
      // A connection that the copy opened would never be released.
      connect: { value: this.runner.connect.bind(this.runner) },
    }) as QueryRunner;
    return this.ownRunner;
  }

  private async destroyConnection(): Promise<void> {
    if (this.kind === 'mysql') {
      await this.runner.connect().then(
        (connection: { destroy(): void }) => connection.destroy(),
        () => undefined,
      );
    }
  }

  private async queryForTypeorm(sql: string, params: readonly unknown[] = [], isStructured = false): Promise<unknown> {
    const result = await this.run(sql, params);
    return isStructured ? result : result.raw;
  }

  private async run(sql: string, params: readonly unknown[]): Promise<StatementResult> {
    if (this.kind === 'sqlite') {
      const statements = await this.sqliteStatements();
      return this.guard(sql, [params], () => {
        const { isWrite, ...result } = statements.run(sql, params);
        this.isWriter ||= isWrite;
        return result;
      });
    }
    this.assertRunnable(sql, [params]);
    try {
      return (await this.runner.query(sql, [...params], true)) as StatementResult;
    } catch (error) {
      throw this.toFailure(error, sql);
    }
  }

  private async sqliteStatements(): Promise<SqliteStatements> {
    return SqliteStatements.of((await this.runner.connect()) as SqliteConnection);
  }

  /** Runs a statement on SQLite's connection, which throws the driver's errors at once. */
  private guard<T>(sql: string, rows: readonly (readonly unknown[])[], work: () => T): T {
    this.assertRunnable(sql, rows);
    try {
      return work();
    } catch (driverError) {
      throw this.toFailure({ driverError }, sql);
    }
  }

  private assertRunnable(sql: string, rows: readonly (readonly unknown[])[]): void {
    if (!this.isOpen) {
      throw new BugError('a transaction was used after its end', { code: 'database_transaction_ended' });
    }
    if (!rows.every((row) => row.every(isBindable))) {
      throw new BugError(`a value of "${sql.slice(0, 200)}" cannot be bound`, { code: 'database_value_not_bindable' });
    }
  }

  private toFailure(error: unknown, sql: string): unknown {
    const translated = toServiceError(error, sql);
    this.conflict ??= translated instanceof ConflictError ? translated : undefined;
    return translated;
  }
}
