import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidInputError, Secret } from '#domain';
import { parseEncryptionKey } from './keyring.js';
import { randomToken } from './random-token.js';

/** Secrets that a single-machine installation keeps for itself, and the files that hold them. */
export interface LocalSecrets {
  readonly encryptionKey: Secret;
  readonly encryptionKeyFile: string;
  readonly operatorToken: Secret;
  readonly operatorTokenFile: string;
  /** Whether any of them was made just now. */
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

function ensureFile(file: string, make: () => string): { secret: Secret; created: boolean } {
  const created = find(file) === undefined && createOnce(file, `${make()}\n`);
  const text = find(file);
  if (!text) throw new InvalidInputError(`${file} is empty: put the secret back, or remove the file to have a new one made`);
  return { secret: Secret.of(text), created };
}

/**
 * The encryption key and operator token under `dataDir`, made on the first call (mode 0600). Processes that start at the
 * same time get the same ones. Throws InvalidInputError for a damaged file: a new key could not open what the old one sealed.
 */
export function ensureLocalSecrets(dataDir: string): LocalSecrets {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const encryptionKeyFile = join(dataDir, 'encryption.key');
  const operatorTokenFile = join(dataDir, 'operator.token');
  const key = ensureFile(encryptionKeyFile, () => randomBytes(KEY_BYTES).toString('base64'));
  parseEncryptionKey(key.secret);
  const token = ensureFile(operatorTokenFile, () => randomToken());
  return {
    encryptionKey: key.secret,
    encryptionKeyFile,
    operatorToken: token.secret,
    operatorTokenFile,
    created: key.created || token.created,
  };
}
