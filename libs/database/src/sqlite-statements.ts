import type BetterSqlite3 from 'better-sqlite3';
import type { SqlValue, StatementResult } from './session.js';

/** The service has some hundreds of statements. TypeORM writes numbers into the text of its own, which is then used once. */
const KEPT_STATEMENTS = 400;
/** A longer text is a list of a rare length: prepared, it would need some hundred KiB. */
const MAX_KEPT_LENGTH = 10_000;

/** SQLite has no booleans. */
const toBindable = (values: readonly unknown[]): readonly unknown[] =>
  values.some((value) => typeof value === 'boolean') ? values.map((value) => (typeof value === 'boolean' ? Number(value) : value)) : values;

/** A prepared statement. */
interface Prepared {
  readonly statement: BetterSqlite3.Statement;
  /** The names of its columns; undefined when it returns no rows. */
  readonly names: readonly string[] | undefined;
}

function toPrepared(statement: BetterSqlite3.Statement): Prepared {
  if (!statement.reader) return { statement, names: undefined };
  return { statement: statement.raw(true), names: statement.columns().map(({ name }) => name) };
}

/**
 * Makes objects of rows. The driver would set each property of each object by a call, which takes twice as long as reading the rows. Here
 * all objects are copies of one.
 */
function toObjects(rows: readonly unknown[][], names: readonly string[]): object[] {
  const emptyRow = Object.fromEntries(names.map((name): [string, unknown] => [name, null]));
  return rows.map((values) => {
    const row = { ...emptyRow };
    for (let index = 0; index < names.length; index += 1) row[names[index] ?? ''] = values[index];
    return row;
  });
}

/**
 * Prepares the statements of one SQLite connection and keeps the last ones. TypeORM's own runner keeps them too, but passes each value as
 * an argument of a call, which takes as long as the statement when there are thousands.
 */
export class SqliteStatements {
  private static readonly ofConnection = new WeakMap<BetterSqlite3.Database, SqliteStatements>();
  private readonly kept = new Map<string, Prepared>();

  private readonly runAll: BetterSqlite3.Transaction<(statement: BetterSqlite3.Statement, rows: readonly (readonly SqlValue[])[]) => void>;

  private constructor(private readonly connection: BetterSqlite3.Database) {
    this.runAll = connection.transaction((statement, rows) => {
      for (const row of rows) statement.run(toBindable(row));
    });
  }

  /** The statements of a connection. */
  static of(connection: BetterSqlite3.Database): SqliteStatements {
    const known = this.ofConnection.get(connection);
    if (known) return known;
    const created = new SqliteStatements(connection);
    this.ofConnection.set(connection, created);
    return created;
  }

  /** Runs a statement. `isWrite`: it may have changed the database. Throws the driver's errors. */
  run(sql: string, params: readonly unknown[]): StatementResult & { readonly isWrite: boolean } {
    const { statement, names } = this.prepare(sql);
    const values = toBindable(params);
    const isWrite = !statement.readonly;
    if (names) {
      const records = toObjects(statement.all(values) as unknown[][], names);
      return { records, raw: records, isWrite };
    }
    const { changes, lastInsertRowid } = statement.run(values);
    return { records: [], affected: changes, raw: lastInsertRowid, isWrite };
  }

  /** Runs a statement once for each row: for all rows, or for none when it throws. Inside a transaction, the driver uses a savepoint. */
  runEach(sql: string, rows: readonly (readonly SqlValue[])[]): void {
    this.runAll.immediate(this.prepare(sql).statement, rows);
  }

  /** The statement that was not used for the longest time is dropped first. */
  private prepare(sql: string): Prepared {
    const known = this.kept.get(sql);
    const prepared = known ?? toPrepared(this.connection.prepare(sql));
    if (known) this.kept.delete(sql);
    else if (sql.length > MAX_KEPT_LENGTH) return prepared;
    this.kept.set(sql, prepared);
    if (this.kept.size > KEPT_STATEMENTS) this.dropOldest();
    return prepared;
  }

  private dropOldest(): void {
    const [oldest] = this.kept.keys();
    if (oldest !== undefined) this.kept.delete(oldest);
  }
}
