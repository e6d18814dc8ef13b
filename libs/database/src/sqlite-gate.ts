import BetterSqlite3 from 'better-sqlite3';

/**
 * TypeORM has one SQLite connection per data source: a statement of one request would join another request's open
 * transaction and be lost with it. The gate lets one transaction or one plain statement through at a time, in order of arrival.
 */
export class SqliteGate {
  private tail: Promise<void> = Promise.resolve();

  /** Runs `work` once everybody who came before is through. */
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
 * The gate of a file, shared by all its databases in this process: SQLite waits for a lock by blocking the thread, so that
 * a second connection of the same process would keep the first from ever finishing.
 */
export const openGate = (path: string): SqliteGate => {
  const entry = gates.get(path) ?? { gate: new SqliteGate(), users: 0 };
  if (path !== ':memory:') {
    gates.set(path, { gate: entry.gate, users: entry.users + 1 });
  }
  return entry.gate;
};

/** Forgets the gate once its last database is closed. */
export const closeGate = (path: string): void => {
  const entry = gates.get(path);
  if (entry && entry.users > 1) {
    gates.set(path, { gate: entry.gate, users: entry.users - 1 });
  } else {
    gates.delete(path);
  }
};

/** Takes the write lock when a transaction begins: a deferred one fails with SQLITE_BUSY when it turns from reading to writing. */
export class ImmediateSqlite extends BetterSqlite3 {
  override prepare: BetterSqlite3.Database['prepare'] = (sql) => super.prepare(sql === 'BEGIN TRANSACTION' ? 'BEGIN IMMEDIATE' : sql);
}
