import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidInputError, Secret } from '#domain';
import { parseEncryptionKey } from './keyring.js';
import { randomToken } from './random-token.js';

/** A secret that a single-machine installation keeps for itself, and the file that holds it. */
export interface LocalSecret {
  readonly secret: Secret;
  readonly file: string;
  /** Whether it was made just now. */
  readonly created: boolean;
}

const OWNER_ONLY = 0o600;
const KEY_BYTES = 32;

const hasCode = (error: unknown, ...codes: string[]) => codes.includes((error as NodeJS.ErrnoException | null)?.code ?? '');

function linkOrCopy(draft: string, file: string, content: string): void {
  try {
    linkSync(draft, file);
  } catch (error) {
    // Some mounted file systems know no links; there the exclusive create alone has to do.
    if (!hasCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV')) throw error;
    writeFileSync(file, content, { mode: OWNER_ONLY, flag: 'wx' });
  }
}

/** Gives the file its content in one step, so that nobody ever reads half of it; whoever comes second keeps the first one's. */
function createOnce(file: string, content: string): boolean {
  const draft = `${file}.${randomToken(6)}`;
  writeFileSync(draft, content, { mode: OWNER_ONLY, flag: 'wx', flush: true });
  try {
    linkOrCopy(draft, file, content);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function find(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function ensureFile(dataDir: string, name: string, make: () => string): LocalSecret {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, name);
  const created = find(file) === undefined && createOnce(file, `${make()}\n`);
  const text = find(file);
  if (!text) throw new InvalidInputError(`${file} is empty: put the secret back, or remove the file to have a new one made`);
  return { secret: Secret.of(text), file, created };
}

/**
 * The encryption key under `dataDir`, made on the first call (mode 0600). Processes that start at the same time get the same.
 * Throws InvalidInputError for a damaged file: a new key could not open what the old one sealed.
 */
export function ensureLocalEncryptionKey(dataDir: string): LocalSecret {
  const key = ensureFile(dataDir, 'encryption.key', () => randomBytes(KEY_BYTES).toString('base64'));
  parseEncryptionKey(key.secret);
  return key;
}

/** The operator token under `dataDir`, made on the first call like {@link ensureLocalEncryptionKey}. */
export const ensureLocalOperatorToken = (dataDir: string): LocalSecret => ensureFile(dataDir, 'operator.token', () => randomToken());

/** Both. */
export const ensureLocalSecrets = (dataDir: string): { readonly encryptionKey: LocalSecret; readonly operatorToken: LocalSecret } => ({
  encryptionKey: ensureLocalEncryptionKey(dataDir),
  operatorToken: ensureLocalOperatorToken(dataDir),
});
