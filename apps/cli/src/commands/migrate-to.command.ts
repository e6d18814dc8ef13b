import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, type DatabaseTarget, parseDatabaseUrl } from '#config';
import { type CopiedTable, Database, DatabaseCopy } from '#database';
import { InvalidInputError } from '#domain';
import type { CommandContext } from '../command-context.js';
import type { CommandResult } from '../output/result.js';
import { whileStopped } from '../supervisor/data-dir-lock.js';
import { createCopyProgress, describeCopy } from './copy-report.js';

/** Where the URL of the target is. */
export interface MigrateToOptions {
  readonly url?: string | undefined;
  /** A file with the URL, so that the password is no argument of a process. */
  readonly urlFile?: string | undefined;
}

function readTarget({ url, urlFile }: MigrateToOptions): DatabaseTarget {
  if ((url === undefined) === (urlFile === undefined)) throw new InvalidInputError('Give the URL of the target, or --url-file');
  try {
    const target = parseDatabaseUrl(urlFile === undefined ? (url ?? '') : readFileSync(urlFile, 'utf8').trim());
    if (target.kind === 'mysql') return target;
  } catch (error) {
    if (error instanceof InvalidInputError) throw new InvalidInputError(`The URL of the target ${error.message}`);
    throw error;
  }
  throw new InvalidInputError('The URL of the target must look like mysql://user:password@host:3306/database');
}

function getSource({ database }: Config): DatabaseTarget & { readonly kind: 'sqlite' } {
  if (database.kind !== 'sqlite') throw new InvalidInputError('DATABASE_URL names a MySQL database: migrate-to copies an SQLite database');
  if (!existsSync(database.path)) throw new InvalidInputError(`There is no database ${database.path}: check DATABASE_URL and DATA_DIR`);
  return database;
}

async function copy(context: CommandContext, from: DatabaseTarget, to: DatabaseTarget): Promise<CopiedTable[]> {
  const { clock, terminal } = context;
  const source = await Database.open(from, { clock });
  try {
    const target = await Database.open(to, { clock });
    const onProgress = createCopyProgress(terminal, clock);
    return await new DatabaseCopy(source, target, { onProgress }).run().finally(() => target.close());
  } finally {
    await source.close();
  }
}

/** What the configuration of the service needs for the new database: the names of variables and where their values are. */
function listSettings({ localSecrets }: Config): { readonly name: string; readonly value: string }[] {
  const { encryptionKey, operatorToken } = localSecrets;
  return [
    { name: 'DATABASE_URL', value: 'the URL of the target' },
    ...(encryptionKey ? [{ name: 'ENCRYPTION_KEY', value: `the content of ${encryptionKey.file}` }] : []),
    ...(operatorToken ? [{ name: 'OPERATOR_TOKEN', value: `the content of ${operatorToken.file}` }] : []),
  ];
}

function describeNextSteps(config: Config): string[] {
  const settings = listSettings(config).map(({ name, value }) => `  ${name}: ${value}`);
  const queue = `The embedded queue stays in ${join(config.dataDir, 'queue')}; docs/COMPATIBILITY.md moves it to beanstalkd.`;
  return [
    'Set these variables, then start the service:',
    ...settings,
    ...(config.beanstalk.kind === 'embedded' ? [queue] : []),
    'The SQLite database is unchanged. Do not start the service with it again.',
  ];
}

/** Copies the SQLite database of the service into an empty MySQL database, or continues a copy that was interrupted. */
export async function runMigrateTo(context: CommandContext, options: MigrateToOptions): Promise<CommandResult> {
  const config = context.loadConfig();
  const [source, target] = [getSource(config), readTarget(options)];
  const startedAt = new Date(context.clock.nowMs()).toISOString();
  const tables = await whileStopped(config.dataDir, startedAt, () => copy(context, source, target));
  const wasComplete = tables.every(({ inserted }) => inserted === 0);
  const summary = wasComplete
    ? 'The target already has every row; nothing was copied.'
    : 'Every row was copied; numbers and checksums are equal.';
  return {
    document: { already_complete: wasComplete, tables, settings: listSettings(config).map(({ name }) => name) },
    toLines: (stream) => [...describeCopy(stream, tables), summary, ...describeNextSteps(config)],
  };
}
