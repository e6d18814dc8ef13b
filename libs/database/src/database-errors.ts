import { BugError, InvalidInputError, ServiceError, TransientError } from '#domain';
import type { DatabaseLocation } from './data-source.js';

/** A row with the same unique key exists. */
export class DuplicateKeyError extends BugError {
  constructor(driverCode: string) {
    const cause = Object.assign(new Error(driverCode), { code: driverCode });
    super('a row with the same unique key exists', { code: 'database_duplicate_key', cause });
  }
}

const DUPLICATE = new Set(['ER_DUP_ENTRY', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY']);

const CONFLICT = new Set([
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_CHECKREAD',
  'SQLITE_BUSY',
  'SQLITE_BUSY_SNAPSHOT',
  'SQLITE_BUSY_TIMEOUT',
  'SQLITE_LOCKED',
]);

const UNAVAILABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ER_ACCESS_DENIED_ERROR',
  'ER_DBACCESS_DENIED_ERROR',
  'ER_BAD_DB_ERROR',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'ER_SERVER_SHUTDOWN',
  'ER_CON_COUNT_ERROR',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_QUERY_INTERRUPTED',
  'ER_QUERY_TIMEOUT',
  'ER_CONNECTION_KILLED',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_DISK_FULL',
  'ER_UNKNOWN_COM_ERROR',
  'SQLITE_FULL',
  'SQLITE_CANTOPEN',
  'SQLITE_PROTOCOL',
]);

interface DriverError {
  readonly code: string;
  readonly message: string;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** TypeORM wraps the driver's error. mysql2 gives the error of a closed connection no code. */
const toDriverError = (error: unknown): DriverError => {
  const source = isObject(error) && isObject(error['driverError']) ? error['driverError'] : error;
  const message = source instanceof Error ? source.message : String(source);
  const code = isObject(source) && typeof source['code'] === 'string' ? source['code'] : '';
  return { code: code === '' && /closed/i.test(message) ? 'PROTOCOL_CONNECTION_LOST' : code, message };
};

/** The database undid this transaction because of another one. It can be repeated at once. */
export class ConflictError extends TransientError {
  constructor(reason: string) {
    super(`the database is busy (${reason})`, { code: 'database_unavailable' });
  }
}

/**
 * Translates a driver's error; any other error is returned as it is. The original is not kept as the cause: errors of TypeORM
 * and mysql2 contain the values of the statement (tokens, addresses), and so does the text of a duplicate-key error.
 */
export const toServiceError = (error: unknown, sql?: string): unknown => {
  if (error instanceof ServiceError) {
    return error;
  }
  const { code, message } = toDriverError(error);
  if (DUPLICATE.has(code)) {
    return new DuplicateKeyError(code);
  }
  if (CONFLICT.has(code)) {
    return new ConflictError(code);
  }
  if (UNAVAILABLE.has(code) || code.startsWith('SQLITE_IOERR') || code.startsWith('SQLITE_READONLY')) {
    return new TransientError(`the database is unavailable (${code})`, { code: 'database_unavailable' });
  }
  return isObject(error) && isObject(error['driverError']) ? refused(code, message, sql) : error;
};

const REFUSED: Readonly<Record<string, string>> = {
  ER_ACCESS_DENIED_ERROR: 'correct user and password',
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: 'add the password',
  ER_DBACCESS_DENIED_ERROR: 'give this user all rights on the database',
  ER_BAD_DB_ERROR: 'create the database, or correct its name',
};

const describeLocation = (location: DatabaseLocation): string =>
  location.kind === 'sqlite' ? location.path : `${location.host}:${location.port}/${location.database}`;

/**
 * Translates an error of opening the database as {@link toServiceError} does; the message names the server or file. InvalidInputError
 * `bad_configuration` when the server refuses the user or the database of DATABASE_URL.
 */
export const toOpenError = (error: unknown, location: DatabaseLocation): unknown => {
  const { code } = toDriverError(error);
  const place = describeLocation(location);
  const remedy = REFUSED[code];
  if (remedy !== undefined && location.kind === 'mysql') {
    const problem = `is refused by ${place} for user ${location.user} (${code}): ${remedy}`;
    return new InvalidInputError(`DATABASE_URL ${problem}`, { code: 'bad_configuration', fields: [{ field: 'DATABASE_URL', problem }] });
  }
  const translated = toServiceError(error);
  return translated instanceof TransientError
    ? new TransientError(`the database ${place} is unavailable (${code})`, { code: 'database_unavailable' })
    : translated;
};

const refused = (code: string, message: string, sql = ''): BugError =>
  new BugError(`the database refused a statement: ${code} ${message} in "${sql.slice(0, 200)}"`, { code: 'database_statement_refused' });
