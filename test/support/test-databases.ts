import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { systemClock } from '#clock';
import { Database } from '#database';
import type { DatabaseKind, DatabaseLocation } from '#database';
import { hasMariaDb, startMariaDb } from './mariadb-process.js';
import type { MariaDbProcess } from './mariadb-process.js';

/** Fresh databases of one kind for the tests of one file; everything is closed and removed by itself. */
export interface TestDatabases {
  /** A fresh database with the newest schema. */
  open(): Promise<Database>;
  /** One more connection to what `location` names, as another process would have it. */
  openAt(location: DatabaseLocation): Promise<Database>;
  /** The place of an empty database, nothing migrated. */
  createEmpty(): Promise<DatabaseLocation>;
  /** The place of a fresh database with the newest schema. */
  createMigrated(): Promise<DatabaseLocation>;
  /** The server behind it; undefined for SQLite. */
  server(): MariaDbProcess | undefined;
}

interface Provider {
  start(): Promise<void>;
  createEmpty(): Promise<DatabaseLocation>;
  createMigrated(): Promise<DatabaseLocation>;
  server(): MariaDbProcess | undefined;
  stop(): Promise<void>;
}

const migrate = async (location: DatabaseLocation): Promise<void> => {
  const database = await Database.open(location, { clock: systemClock });
  await database.migrate().finally(() => database.close());
};

/** Migrates one file and copies it. */
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

  server(): undefined {
    return undefined;
  }

  async stop(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

class MariaDbProvider implements Provider {
  private mariaDb: MariaDbProcess | undefined;

  async start(): Promise<void> {
    this.mariaDb = await startMariaDb();
  }

  async createEmpty(): Promise<DatabaseLocation> {
    if (!this.mariaDb) {
      throw new Error('MariaDB is started before the first test only');
    }
    return this.mariaDb.createSchema();
  }

  async createMigrated(): Promise<DatabaseLocation> {
    const location = await this.createEmpty();
    await migrate(location);
    return location;
  }

  server(): MariaDbProcess | undefined {
    return this.mariaDb;
  }

  async stop(): Promise<void> {
    await this.mariaDb?.stop();
  }
}

/** The databases that this machine can run; all of them, or none of the tests, where CI=true. */
export const testDatabaseKinds = (): DatabaseKind[] => {
  if (hasMariaDb()) {
    return ['sqlite', 'mysql'];
  }
  if (process.env['CI'] === 'true') {
    throw new Error('mariadb-server is not installed: CI runs every test');
  }
  process.stderr.write('mariadb-server is not installed: the tests on MariaDB are left out\n');
  return ['sqlite'];
};

/** To be called in a `describe`: starts what `kind` needs before its tests, and cleans up after them. */
export const openTestDatabases = (kind: DatabaseKind): TestDatabases => {
  const provider: Provider = kind === 'sqlite' ? new SqliteProvider() : new MariaDbProvider();
  const opened: Database[] = [];
  beforeAll(() => provider.start());
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((database) => database.close()));
  });
  afterAll(() => provider.stop());
  const openAt = async (location: DatabaseLocation): Promise<Database> => {
    const database = await Database.open(location, { clock: systemClock });
    opened.push(database);
    return database;
  };
  return {
    open: async () => openAt(await provider.createMigrated()),
    openAt,
    createEmpty: () => provider.createEmpty(),
    createMigrated: () => provider.createMigrated(),
    server: () => provider.server(),
  };
};
