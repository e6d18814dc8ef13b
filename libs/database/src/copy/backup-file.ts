import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { type Clock, InvalidInputError, TransientError, parseJson } from '#domain';
import type { DatabaseLocation } from '../data-source.js';
import { Database } from '../database.js';
import type { DatabaseKind } from '../session.js';
import { type CopyProgress, DatabaseCopy } from './database-copy.js';
import { copySqliteDatabase, createPrivateFile, publishFile, removeSqliteFiles } from './sqlite-files.js';
import { readChecksum } from './table-checksum.js';
import { readTableShapes } from './table-shape.js';

/** What a backup contains; a table of the file has it as JSON. */
export interface BackupManifest {
  /** Of the file; 1. */
  readonly format: number;
  /** Of the service that wrote it. */
  readonly version: string;
  /** ISO 8601 */
  readonly created_at: string;
  /** Which database was copied. */
  readonly database: DatabaseKind;
  /** The schema: the migrations that the database had run. */
  readonly migrations: readonly string[];
  readonly tables: readonly { readonly name: string; readonly rows: number; readonly checksum: string }[];
  /** The names of the secret files that are in the backup. */
  readonly secrets: readonly string[];
}

/** Secret files by name. */
export type SecretFiles = ReadonlyMap<string, string>;

/** What to back up. */
export interface BackupRequest {
  readonly source: DatabaseLocation;
  /** The file to create. */
  readonly to: string;
  readonly clock: Clock;
  readonly version: string;
  /** Reads the files of the encryption key; called before and after the copy, as a key may be replaced meanwhile. */
  readonly readSecrets: () => SecretFiles;
  readonly onProgress?: CopyProgress;
}

const FORMAT = 1;
const ATTEMPTS = 3;

const isDiskFull = (error: unknown): boolean => {
  const { code } = error as { readonly code?: unknown };
  return code === 'ENOSPC' || code === 'SQLITE_FULL' || (error instanceof TransientError && error.message.includes('SQLITE_FULL'));
};

/** Names the folder when the error says that the disk is full. Returns any other error as it is. */
export const toDiskError = (error: unknown, path: string): unknown =>
  isDiskFull(error) ? Object.assign(new Error(`the disk is full: ${path}`), { code: 'ENOSPC', path: dirname(path), cause: error }) : error;

async function withDatabase<Result>(
  location: DatabaseLocation,
  clock: Clock,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  const database = await Database.open(location, { clock });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

async function copyDatabase({ source, clock, onProgress }: BackupRequest, draft: string): Promise<void> {
  if (source.kind === 'sqlite') return copySqliteDatabase(source.path, draft);
  const options = onProgress ? { onProgress } : {};
  await withDatabase(source, clock, (from) =>
    withDatabase({ kind: 'sqlite', path: draft }, clock, (to) => new DatabaseCopy(from, to, options).run()),
  );
}

const isSame = (one: SecretFiles, other: SecretFiles) => JSON.stringify([...one]) === JSON.stringify([...other]);

/** Copies the database together with the key that opens it. */
async function copyWithSecrets(request: BackupRequest, draft: string): Promise<SecretFiles> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    createPrivateFile(draft);
    const secrets = request.readSecrets();
    await copyDatabase(request, draft);
    if (isSame(secrets, request.readSecrets())) return secrets;
  }
  throw new TransientError('The encryption key changes all the time: wait for the end of "rotate-key"', { code: 'database_unavailable' });
}

async function readTables(database: Database): Promise<BackupManifest['tables']> {
  const tables: { name: string; rows: number; checksum: string }[] = [];
  for (const table of await readTableShapes(database)) tables.push({ name: table.name, ...(await readChecksum(database, table)) });
  return tables;
}

async function describeDraft({ source, clock, version }: BackupRequest, draft: string, secrets: SecretFiles): Promise<BackupManifest> {
  return withDatabase({ kind: 'sqlite', path: draft }, clock, async (database) => ({
    format: FORMAT,
    version,
    created_at: new Date(clock.nowMs()).toISOString(),
    database: source.kind,
    migrations: await database.executedMigrations(),
    tables: await readTables(database),
    secrets: [...secrets.keys()],
  }));
}

function writeContents(draft: string, manifest: BackupManifest, secrets: SecretFiles): void {
  const file = new BetterSqlite3(draft);
  try {
    file.pragma('journal_mode = DELETE');
    file.exec('CREATE TABLE backup_secrets (name TEXT PRIMARY KEY, content TEXT); CREATE TABLE backup_manifest (content TEXT)');
    for (const secret of secrets) file.prepare('INSERT INTO backup_secrets (name, content) VALUES (?, ?)').run(...secret);
    file.prepare('INSERT INTO backup_manifest (content) VALUES (?)').run(JSON.stringify(manifest));
  } finally {
    file.close();
  }
}

/**
 * Copies the database, as it was at one moment, into a new SQLite file, with its manifest and the secret files. The service may run. The
 * file gets its name when it is complete; after an error nothing is left. Throws an error with the code `ENOSPC` when the disk is full, and
 * InvalidInputError when the file exists.
 */
export async function createBackup(request: BackupRequest): Promise<BackupManifest> {
  const { to } = request;
  if (existsSync(to)) throw new InvalidInputError(`${to} exists already: name another file`);
  const draft = `${to}.partial`;
  try {
    const secrets = await copyWithSecrets(request, draft);
    const manifest = await describeDraft(request, draft, secrets);
    writeContents(draft, manifest, secrets);
    publishFile(draft, to);
    return manifest;
  } catch (error) {
    throw toDiskError(error, to);
  } finally {
    removeSqliteFiles(draft);
  }
}

/** A verified copy of a backup. */
export interface OpenedBackup {
  /** Undefined for the copy before an upgrade, which has none. */
  readonly manifest: BackupManifest | undefined;
  readonly secrets: SecretFiles;
}

const unusable = (reason: string) => new InvalidInputError(`The backup cannot be used: ${reason}`, { code: 'backup_unusable' });

const hasTable = (file: BetterSqlite3.Database, name: string) =>
  file.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(name) !== undefined;

function readContents(file: BetterSqlite3.Database): OpenedBackup {
  const [state] = file.pragma('integrity_check(1)') as { readonly integrity_check: string }[];
  if (state?.integrity_check !== 'ok') throw unusable('the file is damaged');
  if (!hasTable(file, 'migrations')) throw unusable('the file is no backup of this service');
  if (!hasTable(file, 'backup_manifest')) return { manifest: undefined, secrets: new Map() };
  const { content } = (file.prepare('SELECT content FROM backup_manifest').get() ?? {}) as { readonly content?: string };
  const manifest = parseJson(content ?? '') as BackupManifest | undefined;
  if (manifest?.format !== FORMAT) throw unusable('a newer version of the service wrote it');
  const rows = file.prepare('SELECT name, content FROM backup_secrets').all() as { readonly name: string; readonly content: string }[];
  return { manifest, secrets: new Map(rows.map(({ name, content: secret }) => [name, secret])) };
}

function takeContents(path: string): OpenedBackup {
  try {
    const file = new BetterSqlite3(path, { fileMustExist: true });
    try {
      const contents = readContents(file);
      file.pragma('secure_delete = ON');
      file.exec('DROP TABLE IF EXISTS backup_manifest; DROP TABLE IF EXISTS backup_secrets');
      return contents;
    } finally {
      file.close();
    }
  } catch (error) {
    if (['SQLITE_NOTADB', 'SQLITE_CORRUPT'].includes(String((error as { code?: unknown }).code))) throw unusable('the file is damaged');
    throw error;
  }
}

/**
 * Verifies a private copy of a backup and makes it a database of this version: its manifest and secrets are removed, and pending migrations
 * run. Throws InvalidInputError `backup_unusable` when it is damaged, and `bad_configuration` when a newer version wrote it.
 */
export async function openBackup(path: string, clock: Clock): Promise<OpenedBackup> {
  const contents = takeContents(path);
  await withDatabase({ kind: 'sqlite', path }, clock, async (database) => {
    await database.refuseNewerSchema();
    const tables = contents.manifest?.tables;
    if (tables && JSON.stringify(await readTables(database)) !== JSON.stringify(tables)) throw unusable('a checksum differs');
    await database.migrate();
  });
  return contents;
}
