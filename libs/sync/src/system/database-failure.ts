import type { Config } from '#config';
import { type Finding, problem } from './finding.js';

/** What a human does about an error of a driver. The first code that the error names counts. */
const remedies: readonly (readonly [code: string, remedy: string])[] = [
  ['ER_ACCESS_DENIED_ERROR', 'Correct user and password in DATABASE_URL.'],
  ['ER_DBACCESS_DENIED_ERROR', 'Give the user of DATABASE_URL all rights on its database.'],
  ['ER_BAD_DB_ERROR', 'Create the database that DATABASE_URL names.'],
  ['ECONNREFUSED', 'Start the database server, or correct host and port in DATABASE_URL.'],
  ['ENOTFOUND', 'Correct the host in DATABASE_URL.'],
  ['EAI_AGAIN', 'Correct the host in DATABASE_URL, or repair DNS.'],
  ['ETIMEDOUT', 'Check the firewall between this machine and the database server.'],
  ['SQLITE_CANTOPEN', 'Let the user of the service read and write the folder of the database.'],
  ['SQLITE_READONLY', 'Let the user of the service write the database file and its folder.'],
  ['SQLITE_NOTADB', 'The file is no SQLite database: restore a backup, or correct DATABASE_URL.'],
  ['SQLITE_CORRUPT', 'The file is damaged: restore a backup.'],
  ['SQLITE_FULL', 'Free space on the disk of the database.'],
];

function toText(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return `${typeof code === 'string' ? code : ''} ${error instanceof Error ? error.message : String(error)}`;
}

/** Explains why the database cannot be opened. `error` is what the attempt threw. Shows no password. */
export function explainDatabaseFailure(error: unknown, { database }: Pick<Config, 'database'>): Finding {
  const subject = database.kind === 'sqlite' ? database.path : `${database.host}:${database.port}/${database.database}`;
  const text = toText(error);
  const [code, remedy] = remedies.find(([each]) => text.includes(each)) ?? ['', 'Start the database, and check DATABASE_URL.'];
  const message = `The database cannot be opened${code === '' ? '' : ` (${code})`}`;
  return problem('database', 'error', { subject, message, remedy });
}
