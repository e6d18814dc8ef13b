import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { systemClock } from '#clock';
import { Database } from '#database';
import type { DatabaseKind, DatabaseLocation, DatabaseOptions, MysqlLocation } from '#database';
import { hasMariaDb, startMariaDb } from './mariadb-process.js';
import type { MariaDbProcess } from './mariadb-process.js';

/** Creates databases of one kind for the tests of a file. They are closed and removed automatically. */
export interface TestDatabases {
  /** Opens a new database with the current schema. */
  open(options?: Partial<DatabaseOptions>): Promise<Database>;
  /** Opens another connection to an existing database, as another process would. */
  openAt(location: DatabaseLocation, options?: Partial<DatabaseOptions>): Promise<Database>;
  /** Creates an empty database without a schema. */
  createEmpty(): Promise<DatabaseLocation>;
  /** Creates a database with the current schema. */
  createMigrated(): Promise<DatabaseLocation>;
  /** The database server. Undefined for SQLite. */
  server(): MariaDbProcess | undefined;
}

interface Provider {
  start(): Promise<void>;
  createEmpty(): Promise<DatabaseLocation>;
  createMigrated(): Promise<DatabaseLocation>;
  /** A database with the current schema and no rows, which only this process uses. It may be used again after {@link release}. */
  lend(): Promise<DatabaseLocation>;
  /** Takes back what was lent. Everything that has it open must be closed before. */
  release(): Promise<void>;
  server(): MariaDbProcess | undefined;
  stop(): Promise<void>;
}

const migrate = async (location: DatabaseLocation): Promise<void> => {
  const database = await Database.open(location, { clock: systemClock });
  await database.migrate().finally(() => database.close());
};

/** Migrates one file, then copies it for each test. */
class SqliteProvider implements Provider {
  private folder = '';
  private files = 0;

  async start(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'sqlite-'));
    await migrate({ kind: 'sqlite', path: join(this.folder, 'template.sqlite') });
  }

  async createEmpty(): Promise<DatabaseLocation> {
    return { kind: 'sqlite', path: join(this.folder, `${(this.files += 1)}.sqlite`) };
  }

  async createMigrated(): Promise<DatabaseLocation> {
    const path = join(this.folder, `${(this.files += 1)}.sqlite`);
    await copyFile(join(this.folder, 'template.sqlite'), path);
    return { kind: 'sqlite', path };
  }

  async lend(): Promise<DatabaseLocation> {
    return this.createMigrated();
  }

  async release(): Promise<void> {}

  server(): undefined {
    return undefined;
  }

  async stop(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Empties its databases after each test and uses them again: the migration takes a third of a second. */
class MariaDbProvider implements Provider {
  private mariaDb: MariaDbProcess | undefined;
  private columns = '';
  private readonly lent: MysqlLocation[] = [];
  private readonly clean: MysqlLocation[] = [];

  async start(): Promise<void> {
    this.mariaDb = await startMariaDb();
  }

  async createEmpty(): Promise<MysqlLocation> {
    return this.running().createSchema();
  }

  async createMigrated(): Promise<MysqlLocation> {
    const location = await this.createEmpty();
    await migrate(location);
    return location;
  }

  async lend(): Promise<DatabaseLocation> {
    const location = this.clean.pop() ?? (await this.createMigrated());
    this.columns ||= await this.running().listColumns(location.database);
    this.lent.push(location);
    return location;
  }

  async release(): Promise<void> {
    for (const location of this.lent.splice(0)) {
      if (await this.running().empty(location.database, this.columns)) this.clean.push(location);
    }
  }

  private running(): MariaDbProcess {
    if (!this.mariaDb) throw new Error('MariaDB is not started: call this in a test or hook');
    return this.mariaDb;
  }

  server(): MariaDbProcess | undefined {
    return this.mariaDb;
  }

  async stop(): Promise<void> {
    await this.mariaDb?.stop();
  }
}

/** Lists the databases that this machine can run. With CI=true it throws unless that is all of them. */
export const testDatabaseKinds = (): DatabaseKind[] => {
  if (hasMariaDb()) {
    return ['sqlite', 'mysql'];
  }
  if (process.env['CI'] === 'true') {
    throw new Error('mariadb-server is not installed: CI runs every test');
  }
  process.stderr.write('mariadb-server is not installed; the tests on MariaDB are skipped\n');
  return ['sqlite'];
};

/** Call this in a `describe`. It starts the database before the tests and cleans up after them. */
export const openTestDatabases = (kind: DatabaseKind): TestDatabases => {
  const provider: Provider = kind === 'sqlite' ? new SqliteProvider() : new MariaDbProvider();
  const opened: Database[] = [];
  beforeAll(() => provider.start());
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((database) => database.close()));
    await provider.release();
  });
  afterAll(() => provider.stop());
  const openAt = async (location: DatabaseLocation, options: Partial<DatabaseOptions> = {}): Promise<Database> => {
    const database = await Database.open(location, { clock: systemClock, ...options });
    opened.push(database);
    return database;
  };
  return {
    open: async (options) => openAt(await provider.lend(), options),
    openAt,
    createEmpty: () => provider.createEmpty(),
    createMigrated: () => provider.createMigrated(),
    server: () => provider.server(),
  };
};
