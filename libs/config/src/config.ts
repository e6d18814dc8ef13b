import { accessSync, constants, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type FieldProblem, InvalidInputError, type Secret } from '#domain';
import { ensureLocalEncryptionKey, ensureLocalOperatorToken, type LocalSecret, parseEncryptionKey } from '#secrets';
import { type Environment, withDotEnv } from './environment.js';
import { readSettings } from './settings.js';
import type { DatabaseTarget } from './targets.js';
import type { Settings } from './variables.js';

type Derived = 'nodeEnv' | 'databaseUrl' | 'dataDir' | 'publicUrl' | 'encryptionKey' | 'operatorToken' | 'logsFolderPath';

/** The variables that the configuration takes over unchanged, as a base class without any code. */
const UnchangedSettings = Object as unknown as abstract new () => Omit<Settings, Derived>;

/**
 * The validated configuration of a process; `.env.example` describes each variable. A class, so that it is its own injection
 * token; {@link loadConfig} returns a plain frozen object.
 */
export abstract class Config extends UnchangedSettings {
  /** Whether NODE_ENV is `production`. */
  abstract readonly isProduction: boolean;
  /** Our own URL as browsers and vendors see it, without a slash at the end. */
  abstract readonly publicUrl: string;
  /** An absolute path. */
  abstract readonly dataDir: string;
  /** The database to use. */
  abstract readonly database: DatabaseTarget;
  /** 32 bytes in base64. */
  abstract readonly encryptionKey: Secret;
  /** The bearer token of the operator. */
  abstract readonly operatorToken: Secret;
  /** Files under `dataDir` that hold the two secrets above, for those that are not set. Embedded mode only. */
  abstract readonly localSecrets: { readonly encryptionKey?: LocalSecret; readonly operatorToken?: LocalSecret };
  /** An absolute path; undefined when LOGS_FOLDER_PATH is `none`. */
  abstract readonly logsFolderPath: string | undefined;
}

const toError = (problems: readonly FieldProblem[]) =>
  new InvalidInputError(problems.map(({ field, problem }) => `${field} ${problem}`).join('\n'), {
    code: 'bad_configuration',
    fields: problems,
  });

function checkKey(field: string, key: Secret, problems: FieldProblem[]): void {
  try {
    parseEncryptionKey(key);
  } catch {
    problems.push({ field, problem: 'must be 32 bytes in base64 (openssl rand -base64 32)' });
  }
}

function checkCombinations(settings: Settings, problems: FieldProblem[]): void {
  const { nodeEnv, databaseUrl, encryptionKey, operatorToken, olderEncryptionKeys, kommoOriginOverride } = settings;
  const addProblem = (field: string, problem: string) => {
    if (!problems.some((known) => known.field === field)) problems.push({ field, problem });
  };
  if (nodeEnv === 'production' && kommoOriginOverride)
    addProblem('KOMMO_ORIGIN_OVERRIDE', 'is for the sandbox and tests, not for NODE_ENV=production');
  if (databaseUrl?.kind === 'mysql' && !encryptionKey) addProblem('ENCRYPTION_KEY', 'is required with a mysql:// DATABASE_URL');
  if (databaseUrl?.kind === 'mysql' && !operatorToken) addProblem('OPERATOR_TOKEN', 'is required with a mysql:// DATABASE_URL');
  if (encryptionKey) checkKey('ENCRYPTION_KEY', encryptionKey, problems);
  for (const key of olderEncryptionKeys ?? []) checkKey('ENCRYPTION_KEYS_OLD', key, problems);
}

function ensureSecrets(settings: Settings, dataDir: string): Pick<Config, 'encryptionKey' | 'operatorToken' | 'localSecrets'> {
  const localSecrets: { encryptionKey?: LocalSecret; operatorToken?: LocalSecret } = {};
  const encryptionKey = settings.encryptionKey ?? (localSecrets.encryptionKey = ensureLocalEncryptionKey(dataDir)).secret;
  const operatorToken = settings.operatorToken ?? (localSecrets.operatorToken = ensureLocalOperatorToken(dataDir)).secret;
  return { encryptionKey, operatorToken, localSecrets };
}

/** Creates the folder when it is missing. Throws InvalidInputError `bad_configuration` when it cannot be written. */
function ensureDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const reason = ['EEXIST', 'ENOTDIR'].includes(code) ? 'names a file, not a folder' : `cannot be written (${code})`;
    throw toError([{ field: 'DATA_DIR', problem: `${reason}: ${dataDir}; correct the path, or let the user of the service write there` }]);
  }
}

const needsDataDir = ({ databaseUrl, beanstalk, encryptionKey, operatorToken }: Settings) =>
  databaseUrl === undefined || beanstalk.kind === 'embedded' || !encryptionKey || !operatorToken;

const logsFolderOf = (path: string | undefined, dataDir: string) => (path === 'none' ? undefined : resolve(path ?? join(dataDir, 'logs')));

function derive(settings: Settings): Config {
  const { nodeEnv, databaseUrl, publicUrl, logsFolderPath, ...rest } = settings;
  const dataDir = resolve(rest.dataDir);
  if (needsDataDir(settings)) ensureDataDir(dataDir);
  return Object.freeze<Config>({
    ...rest,
    ...ensureSecrets(settings, dataDir),
    dataDir,
    isProduction: nodeEnv === 'production',
    publicUrl: publicUrl ?? `http://localhost:${rest.port}`,
    database: databaseUrl ?? { kind: 'sqlite', path: join(dataDir, 'sync.sqlite') },
    logsFolderPath: logsFolderOf(logsFolderPath, dataDir),
  });
}

/**
 * Reads and validates all variables. Call it once, at start. `env` defaults to the variables of the process and of `./.env`.
 * With SQLite it creates the encryption key and the operator token under DATA_DIR when they are not set.
 * Throws InvalidInputError `bad_configuration` with every problem: a line of the message and an entry of `fields` each.
 */
export function loadConfig(env: Environment = withDotEnv(process.cwd())): Config {
  const problems: FieldProblem[] = [];
  const settings = readSettings(env, problems);
  checkCombinations(settings, problems);
  if (problems.length > 0) throw toError(problems);
  return derive(settings);
}
