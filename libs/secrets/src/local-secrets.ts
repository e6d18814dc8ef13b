import { randomBytes } from 'node:crypto';
import { appendFileSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidInputError, Secret } from '#domain';
import { type EncryptionKeys, parseEncryptionKey } from './keyring.js';
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
const KEY_FILE = 'encryption.key';
/** The keys of a rotation under way, one per line: the old one, then the new one. */
const ROTATION_FILE = 'encryption.key.rotation';

const newKey = () => randomBytes(KEY_BYTES).toString('base64');

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
  const key = ensureFile(dataDir, KEY_FILE, newKey);
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

const readRotation = (dataDir: string): string[] => find(join(dataDir, ROTATION_FILE))?.split('\n').filter(Boolean) ?? [];

/** The keys under `dataDir` as they are now; undefined while there is none that can be read. */
export function findLocalKeys(dataDir: string): EncryptionKeys | undefined {
  try {
    const current = Secret.of(find(join(dataDir, KEY_FILE)) ?? '');
    const older = readRotation(dataDir).map((key) => Secret.of(key));
    for (const key of [current, ...older]) parseEncryptionKey(key);
    return { current, older };
  } catch {
    return undefined;
  }
}

function replaceKey(dataDir: string, key: string): void {
  const draft = join(dataDir, `${KEY_FILE}.${randomToken(6)}`);
  writeFileSync(draft, `${key}\n`, { mode: OWNER_ONLY, flag: 'wx', flush: true });
  renameSync(draft, join(dataDir, KEY_FILE));
}

/**
 * Puts a new key in the place of the one under `dataDir`. Both are written down before the new one is used, so that this may be
 * cut off anywhere: a rotation that was begun and not ended goes on with the key it made. Throws InvalidInputError as
 * {@link ensureLocalEncryptionKey} does.
 */
export function beginLocalKeyRotation(dataDir: string): void {
  const current = ensureLocalEncryptionKey(dataDir).secret.reveal();
  const append = (key: string) => appendFileSync(join(dataDir, ROTATION_FILE), `${key}\n`, { mode: OWNER_ONLY, flush: true });
  if (readRotation(dataDir).length === 0) append(current);
  if (readRotation(dataDir).length === 1) append(newKey());
  const next = readRotation(dataDir).at(-1) ?? current;
  if (next !== current) replaceKey(dataDir, next);
}

/** Forgets the old key: call once nothing is sealed with it. */
export function endLocalKeyRotation(dataDir: string): void {
  rmSync(join(dataDir, ROTATION_FILE), { force: true });
}
