import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { systemClock } from '#clock';
import type { MysqlLocation } from '#database';
import { Secret } from '#domain';
import { findFreePort } from './beanstalkd-process.js';

const SERVER = '/usr/sbin/mariadbd';
const INSTALLER = '/usr/bin/mariadb-install-db';
const START_WITHIN_MS = 240_000;
const POLL_MS = 50;

const FAST = [
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-doublewrite=0',
  '--innodb-buffer-pool-size=64M',
  '--innodb-log-file-size=16M',
  '--innodb-fast-shutdown=2',
  '--skip-log-bin',
  '--skip-name-resolve',
  '--performance-schema=0',
];

/** What a server needs that is killed while it works: commits survive its end. */
const DURABLE = ['--innodb-flush-log-at-trx-commit=2', '--innodb-doublewrite=1', '--innodb-fast-shutdown=1'];

/** How to start MariaDB. */
export interface MariaDbOptions {
  /** A commit survives `kill`. The server is slower then. */
  readonly isDurable?: boolean;
  /** An existing folder for the data; a new temporary folder by default. `stop` removes it. */
  readonly folder?: string;
  /** Ends a start that is still running, and kills the server. */
  readonly signal?: AbortSignal;
}

/** A separate MariaDB server with its data in a temporary folder. */
export interface MariaDbProcess {
  readonly port: number;
  /** Creates an empty schema with the default collation, which ignores case. */
  createSchema(): Promise<MysqlLocation>;
  /**
   * Deletes the rows of a schema's tables, so that it is as new. Returns false, and changes nothing, when its columns are not those
   * of `columns`, a former result of {@link listColumns}.
   */
  empty(database: string, columns: string): Promise<boolean>;
  /** All columns of a schema as text. */
  listColumns(database: string): Promise<string>;
  /** Runs one statement as root, for example to kill a connection. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** The location of a schema. */
  locate(database: string): MysqlLocation;
  /** Returns every value of every table of a schema as text. */
  dump(database: string): Promise<string>;
  /** Stops the server, runs `whileStopped`, and starts it again with the same port and data. */
  restart(whileStopped?: () => Promise<void>): Promise<void>;
  /** Kills the server with SIGKILL; `restart` starts it again. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** True when Debian's mariadbd is installed. */
export const hasMariaDb = (): boolean => existsSync(SERVER) && existsSync(INSTALLER);

const MIGRATIONS_TABLE = 'migrations';

const root = (port: number) => ({ host: '127.0.0.1', port, user: 'root', password: '' });

const runAsRoot = async (port: number, sql: string): Promise<Record<string, unknown>[]> => {
  const connection = await createConnection(root(port));
  try {
    const [rows] = await connection.query(sql);
    return rows as Record<string, unknown>[];
  } finally {
    await connection.end();
  }
};

const listColumns = async (port: number, database: string): Promise<string> => {
  const sql = `SELECT table_name AS t, column_name AS c, column_type AS k, column_key AS i FROM information_schema.columns
    WHERE table_schema = '${database}' ORDER BY table_name, ordinal_position`;
  return JSON.stringify(await runAsRoot(port, sql));
};

const emptyTables = async (port: number, database: string): Promise<void> => {
  const tables = await runAsRoot(port, `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = '${database}'`);
  const names = tables.map(({ name }) => String(name)).filter((name) => name !== MIGRATIONS_TABLE);
  const connection = await createConnection({ ...root(port), database, multipleStatements: true });
  try {
    await connection.query(`SET foreign_key_checks = 0; ${names.map((name) => `DELETE FROM \`${name}\``).join('; ')}`);
  } finally {
    await connection.end();
  }
};

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

const waitUntilReady = async (port: number, server: ChildProcess): Promise<void> => {
  const deadline = systemClock.nowMs() + START_WITHIN_MS;
  for (;;) {
    try {
      await runAsRoot(port, 'SELECT 1');
      return;
    } catch (error) {
      if (hasEnded(server) || systemClock.nowMs() > deadline) {
        throw new Error('mariadbd did not start', { cause: error });
      }
    }
    await systemClock.sleep(POLL_MS);
  }
};

/** Each server needs its own folder, because it removes the temporary tables that it finds at its start. */
const temporaryFolder = (folder: string) => `--tmpdir=${join(folder, 'tmp')}`;

/** A run of MariaDB's programs: where, and what ends it early. */
interface Place {
  readonly folder: string;
  readonly isDurable: boolean;
  readonly signal: AbortSignal | undefined;
}

const killOnAbort = (signal: AbortSignal | undefined) => (signal ? ({ signal, killSignal: 'SIGKILL' } as const) : {});

const launch = ({ folder, isDurable, signal }: Place, port: number): ChildProcess => {
  const place = [
    `--datadir=${join(folder, 'data')}`,
    `--socket=${join(folder, 's.sock')}`,
    `--pid-file=${join(folder, 'pid')}`,
    temporaryFolder(folder),
  ];
  return spawn(
    SERVER,
    ['--no-defaults', '--user=root', '--bind-address=127.0.0.1', `--port=${port}`, ...place, ...FAST, ...(isDurable ? DURABLE : [])],
    { stdio: 'ignore', ...killOnAbort(signal) },
  ).once('error', () => {});
};

/** The installer is a script that starts MariaDB: a signal must reach both, so they are a process group. */
const install = async (folder: string, signal?: AbortSignal): Promise<void> => {
  await mkdir(join(folder, 'tmp'), { recursive: true });
  const flags = ['--no-defaults', '--user=root', '--auth-root-authentication-method=normal', '--skip-test-db'];
  const installer = spawn(INSTALLER, [...flags, `--datadir=${join(folder, 'data')}`, temporaryFolder(folder)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const errors: Buffer[] = [];
  installer.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const killGroup = () => void (installer.pid !== undefined && process.kill(-installer.pid, 'SIGKILL'));
  const closed = new Promise<number | null>((resolve, reject) => installer.once('error', reject).once('close', resolve));
  process.once('exit', killGroup);
  signal?.addEventListener('abort', killGroup);
  const exitCode = await closed;
  process.off('exit', killGroup);
  signal?.removeEventListener('abort', killGroup);
  if (exitCode !== 0) throw new Error(`mariadb-install-db failed: ${Buffer.concat(errors).toString()}`);
};

/** Installs once for each run of jest, and copies the folder for each server. */
const installInto = async ({ folder, signal }: Place): Promise<void> => {
  const shared = process.env['JEST_RUN_FOLDER'];
  if (shared === undefined) return install(folder, signal);
  const template = join(shared, 'mariadb');
  if (!existsSync(template)) {
    const fresh = await mkdtemp(join(shared, 'install-'));
    await install(fresh);
    // Another worker of jest may have been faster.
    await rename(fresh, template).catch(() => rm(fresh, { recursive: true }));
  }
  await cp(template, folder, { recursive: true });
};

interface Running {
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

const run = async (place: Place, port: number): Promise<Running> => {
  const server = launch(place, port);
  const exited = new Promise((resolve) => server.once('exit', resolve));
  const killAtExit = () => server.kill('SIGKILL');
  process.once('exit', killAtExit);
  await waitUntilReady(port, server);
  const stop: Running['stop'] = async (signal = 'SIGTERM') => {
    server.kill(signal);
    await exited;
    process.off('exit', killAtExit);
  };
  return { stop };
};

/** Starts Debian's mariadbd on a free port. Throws when it is not installed. */
export const startMariaDb = async (options: MariaDbOptions = {}): Promise<MariaDbProcess> => {
  const { isDurable = false, folder = await mkdtemp(join(tmpdir(), 'mariadb-')), signal } = options;
  const place = { folder, isDurable, signal };
  await installInto(place);
  const port = await findFreePort();
  let running = await run(place, port);
  let schemas = 0;
  const locate = (database: string): MysqlLocation => ({ kind: 'mysql', ...root(port), password: Secret.of(''), database });
  return {
    port,
    createSchema: async () => {
      const database = `test_${(schemas += 1)}`;
      await runAsRoot(port, `CREATE DATABASE ${database} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci`);
      return locate(database);
    },
    locate,
    listColumns: (database) => listColumns(port, database),
    empty: async (database, columns) => {
      if ((await listColumns(port, database)) !== columns) return false;
      await emptyTables(port, database);
      return true;
    },
    query: (sql) => runAsRoot(port, sql),
    dump: async (database) => {
      const tables = await runAsRoot(port, `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = '${database}'`);
      const rows = tables.map(({ name }) => runAsRoot(port, `SELECT * FROM ${database}.${String(name)}`));
      return JSON.stringify(await Promise.all(rows));
    },
    restart: async (whileStopped) => {
      await running.stop();
      await whileStopped?.();
      running = await run(place, port);
    },
    kill: () => running.stop('SIGKILL'),
    stop: async () => {
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
