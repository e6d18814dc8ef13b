import { randomBytes } from 'node:crypto';
import { appendFileSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidInputError, Secret } from '#domain';
import { type EncryptionKeys, parseEncryptionKey } from './keyring.js';
import { randomToken } from './random-token.js';

/** A secret that an installation on one machine creates itself, and its file. */
export interface LocalSecret {
  readonly secret: Secret;
  readonly file: string;
  /** Whether this call created it. */
  readonly created: boolean;
}

const OWNER_ONLY = 0o600;
const KEY_BYTES = 32;
const KEY_FILE = 'encryption.key';
/** The keys of a running rotation, one per line: the old one, then the new one. */
const ROTATION_FILE = 'encryption.key.rotation';

const newKey = () => randomBytes(KEY_BYTES).toString('base64');

const hasCode = (error: unknown, ...codes: string[]) => codes.includes((error as NodeJS.ErrnoException | null)?.code ?? '');

function linkOrCopy(draft: string, file: string, content: string): void {
  try {
    linkSync(draft, file);
  } catch (error) {
    // Some mounted file systems do not support links. There an exclusive create must be enough.
    if (!hasCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV')) throw error;
    writeFileSync(file, content, { mode: OWNER_ONLY, flag: 'wx' });
  }
}

/** Creates the file with its content in one step, so that no process reads half of it. Returns false when the file exists. */
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

function findText(file: string): string | undefined {
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
  const created = findText(file) === undefined && createOnce(file, `${make()}\n`);
  const text = findText(file);
  if (!text) throw new InvalidInputError(`${file} is empty: restore the secret, or remove the file to create a new one`);
  return { secret: Secret.of(text), file, created };
}

/**
 * Returns the encryption key under `dataDir` and creates it on the first call (mode 0600). Processes that start at the same time
 * get the same key. Throws InvalidInputError for a damaged file: a new key could not open the sealed values.
 */
export function ensureLocalEncryptionKey(dataDir: string): LocalSecret {
  const key = ensureFile(dataDir, KEY_FILE, newKey);
  parseEncryptionKey(key.secret);
  return key;
}

/** Returns the operator token under `dataDir` and creates it on the first call, as {@link ensureLocalEncryptionKey} does. */
export const ensureLocalOperatorToken = (dataDir: string): LocalSecret => ensureFile(dataDir, 'operator.token', () => randomToken());

/** Returns both secrets under `dataDir` and creates those that are missing. */
export const ensureLocalSecrets = (dataDir: string): { readonly encryptionKey: LocalSecret; readonly operatorToken: LocalSecret } => ({
  encryptionKey: ensureLocalEncryptionKey(dataDir),
  operatorToken: ensureLocalOperatorToken(dataDir),
});

const readRotation = (dataDir: string): string[] => findText(join(dataDir, ROTATION_FILE))?.split('\n').filter(Boolean) ?? [];

/** Reads the current keys under `dataDir`. Undefined when a key is missing or damaged. */
export function findLocalKeys(dataDir: string): EncryptionKeys | undefined {
  try {
    const current = Secret.of(findText(join(dataDir, KEY_FILE)) ?? '');
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
 * Replaces the key under `dataDir` by a new one. It first writes both keys to a file of the rotation. So it can be killed at any
 * point: the next call continues with the same new key. Throws InvalidInputError as {@link ensureLocalEncryptionKey} does.
 */
export function beginLocalKeyRotation(dataDir: string): void {
  const current = ensureLocalEncryptionKey(dataDir).secret.reveal();
  const append = (key: string) => appendFileSync(join(dataDir, ROTATION_FILE), `${key}\n`, { mode: OWNER_ONLY, flush: true });
  if (readRotation(dataDir).length === 0) append(current);
  if (readRotation(dataDir).length === 1) append(newKey());
  const next = readRotation(dataDir).at(-1) ?? current;
  if (next !== current) replaceKey(dataDir, next);
}

/** Deletes the old key. Call it when no value is sealed with it any more. */
export function endLocalKeyRotation(dataDir: string): void {
  rmSync(join(dataDir, ROTATION_FILE), { force: true });
}

/** Reads the files of the encryption key under `dataDir` by their names; one file, or two during a rotation. */
export function readLocalKeyFiles(dataDir: string): Map<string, string> {
  const contents = [KEY_FILE, ROTATION_FILE].map((name) => [name, findText(join(dataDir, name))] as const);
  return new Map(contents.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Returns the keys in files of {@link readLocalKeyFiles}. Throws InvalidInputError `bad_encryption_key` for other contents. */
export function parseLocalKeyFiles(files: ReadonlyMap<string, string>): EncryptionKeys {
  const current = Secret.of(files.get(KEY_FILE) ?? '');
  const older = (files.get(ROTATION_FILE) ?? '').split('\n').filter(Boolean);
  const keys = { current, older: older.map((key) => Secret.of(key)) };
  for (const key of [current, ...keys.older]) parseEncryptionKey(key);
  return keys;
}

/** Replaces the files of the encryption key under `dataDir`. The former files get copies in the folder `keepIn` first. */
export function replaceLocalKeyFiles(dataDir: string, files: ReadonlyMap<string, string>, keepIn: string): void {
  for (const [name, content] of readLocalKeyFiles(dataDir)) {
    mkdirSync(keepIn, { recursive: true, mode: 0o700 });
    writeFileSync(join(keepIn, name), `${content}\n`, { mode: OWNER_ONLY, flush: true });
  }
  replaceKey(dataDir, files.get(KEY_FILE) ?? '');
  const rotation = files.get(ROTATION_FILE);
  if (rotation === undefined) endLocalKeyRotation(dataDir);
  else writeFileSync(join(dataDir, ROTATION_FILE), `${rotation}\n`, { mode: OWNER_ONLY, flush: true });
}
