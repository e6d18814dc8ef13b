import BetterSqlite3 from 'better-sqlite3';

/**
 * TypeORM has one SQLite connection per data source: a statement of one request would join another request's open
 * transaction and be lost with it. The gate runs one transaction or one plain piece of work at a time, in order of arrival.
 */
export class SqliteGate {
  private tail: Promise<void> = Promise.resolve();

  /** Runs `work` after all earlier work has ended. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    const { promise, resolve: open } = withResolvers();
    const before = this.tail;
    this.tail = promise;
    await before;
    try {
      return await work();
    } finally {
      open();
    }
  }
}

const withResolvers = (): { promise: Promise<void>; resolve: () => void } => {
  let resolve = (): void => {};
  const promise = new Promise<void>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
};

const gates = new Map<string, { gate: SqliteGate; users: number }>();

/**
 * Returns the gate of a file. All databases of this process share it: SQLite waits for a lock by blocking the thread, so a
 * second connection of the same process would keep the first one from finishing.
 */
export const openGate = (path: string): SqliteGate => {
  const entry = gates.get(path) ?? { gate: new SqliteGate(), users: 0 };
  if (path !== ':memory:') {
    gates.set(path, { gate: entry.gate, users: entry.users + 1 });
  }
  return entry.gate;
};

/** Releases the gate of a file. The gate is deleted with its last database. */
export const closeGate = (path: string): void => {
  const entry = gates.get(path);
  if (entry && entry.users > 1) {
    gates.set(path, { gate: entry.gate, users: entry.users - 1 });
  } else {
    gates.delete(path);
  }
};

/** Takes the write lock when a transaction begins: a deferred transaction fails with SQLITE_BUSY when it starts to write. */
export class ImmediateSqlite extends BetterSqlite3 {
  override prepare: BetterSqlite3.Database['prepare'] = (sql) => super.prepare(sql === 'BEGIN TRANSACTION' ? 'BEGIN IMMEDIATE' : sql);
}
