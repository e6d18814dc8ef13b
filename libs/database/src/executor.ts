/** The SQL dialect; MariaDB and MySQL-compatible clusters are `mysql`. */
export type DatabaseKind = 'sqlite' | 'mysql';

/** What may be bound to a `?`. Booleans are stored as 0 and 1, and read back as numbers. */
export type SqlValue = string | number | boolean | null;

/**
 * Runs portable SQL: `?` placeholders, names in backticks where they are reserved words. Both databases give numbers for
 * `bigint`, `count(*)` and `sum(…)`, 0 or 1 for booleans, and compare text byte by byte.
 *
 * Errors: TransientError `database_unavailable` (lost, busy, full), DuplicateKeyError, BugError `database_statement_refused`.
 */
export interface Executor {
  readonly kind: DatabaseKind;
  /** The rows of a SELECT. */
  query<R extends object = Record<string, unknown>>(sql: string, params?: readonly SqlValue[]): Promise<R[]>;
  /** How many rows an UPDATE or DELETE matched, changed or not. Of an upsert the number means nothing. */
  execute(sql: string, params?: readonly SqlValue[]): Promise<number>;
}

/** An open transaction. Refuses to be used after its end. Never await the network while one is open. */
export interface Tx extends Executor {
  readonly isTransaction: true;
}

/** Ends a SELECT that must hold its rows until the transaction ends; SQLite's write transactions hold the whole file anyway. */
export const forUpdate = (kind: DatabaseKind): '' | ' FOR UPDATE' => (kind === 'mysql' ? ' FOR UPDATE' : '');
