import { join, resolve } from 'node:path';
import { type FieldProblem, InvalidInputError, type Secret } from '#domain';
import { ensureLocalEncryptionKey, ensureLocalOperatorToken, type LocalSecret, parseEncryptionKey } from '#secrets';
import { type Environment, withDotEnv } from './environment.js';
import { readSettings } from './settings.js';
import type { DatabaseTarget } from './targets.js';
import type { Settings } from './variables.js';

type Derived = 'nodeEnv' | 'databaseUrl' | 'publicUrl' | 'encryptionKey' | 'operatorToken' | 'logsFolderPath';

/** Everything that can be set from outside, validated; `.env.example` describes each variable. */
export interface Config extends Omit<Settings, Derived> {
  /** NODE_ENV is `production`. */
  readonly isProduction: boolean;
  /** Our own address as browsers and vendors see it, without a slash at its end. */
  readonly publicUrl: string;
  /** Absolute. */
  readonly dataDir: string;
  readonly database: DatabaseTarget;
  /** 32 bytes in base64. */
  readonly encryptionKey: Secret;
  readonly operatorToken: Secret;
  /** Files under `dataDir` from which the two secrets above came because they were not set; embedded mode only. */
  readonly localSecrets: { readonly encryptionKey?: LocalSecret; readonly operatorToken?: LocalSecret };
  /** Absolute; undefined when LOGS_FOLDER_PATH is `none`. */
  readonly logsFolderPath: string | undefined;
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

function checkTogether(settings: Settings, problems: FieldProblem[]): void {
  const { nodeEnv, databaseUrl, encryptionKey, operatorToken, olderEncryptionKeys, kommoOriginOverride } = settings;
  const complain = (field: string, problem: string) => {
    if (!problems.some((known) => known.field === field)) problems.push({ field, problem });
  };
  if (nodeEnv === 'production' && kommoOriginOverride)
    complain('KOMMO_ORIGIN_OVERRIDE', 'is for the sandbox and tests, not for NODE_ENV=production');
  if (databaseUrl?.kind === 'mysql' && !encryptionKey) complain('ENCRYPTION_KEY', 'is required with a mysql:// DATABASE_URL');
  if (databaseUrl?.kind === 'mysql' && !operatorToken) complain('OPERATOR_TOKEN', 'is required with a mysql:// DATABASE_URL');
  if (encryptionKey) checkKey('ENCRYPTION_KEY', encryptionKey, problems);
  for (const key of olderEncryptionKeys ?? []) checkKey('ENCRYPTION_KEYS_OLD', key, problems);
}

function ensureSecrets(settings: Settings, dataDir: string): Pick<Config, 'encryptionKey' | 'operatorToken' | 'localSecrets'> {
  const localSecrets: { encryptionKey?: LocalSecret; operatorToken?: LocalSecret } = {};
  const encryptionKey = settings.encryptionKey ?? (localSecrets.encryptionKey = ensureLocalEncryptionKey(dataDir)).secret;
  const operatorToken = settings.operatorToken ?? (localSecrets.operatorToken = ensureLocalOperatorToken(dataDir)).secret;
  return { encryptionKey, operatorToken, localSecrets };
}

const logsFolderOf = (path: string | undefined, dataDir: string) => (path === 'none' ? undefined : resolve(path ?? join(dataDir, 'logs')));

function derive(settings: Settings): Config {
  const { nodeEnv, databaseUrl, publicUrl, logsFolderPath, ...rest } = settings;
  const dataDir = resolve(rest.dataDir);
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
 * Reads and validates all variables, once, at start. Without `env` they are the process's own over those of `./.env`.
 * In embedded mode the encryption key and the operator token are made under DATA_DIR when they are not set.
 * Throws InvalidInputError `bad_configuration` that names every problem: one line of the message, one entry of `fields` each.
 */
export function loadConfig(env: Environment = withDotEnv(process.cwd())): Config {
  const problems: FieldProblem[] = [];
  const settings = readSettings(env, problems);
  checkTogether(settings, problems);
  if (problems.length > 0) throw toError(problems);
  return derive(settings);
}
