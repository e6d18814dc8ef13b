import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { BugError, InvalidInputError, Secret } from '#domain';

const ALGORITHM = 'aes-256-gcm';
const VERSION = 'v1';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_LENGTH = 8;
const BASE64_KEY = /^[A-Za-z0-9+/_-]{43}=?$/;

interface SealedParts {
  readonly keyId: string;
  readonly iv: Buffer;
  readonly tag: Buffer;
  readonly data: Buffer;
}

const damaged = (reason: string, cause?: unknown) =>
  new BugError(`A sealed value cannot be opened: ${reason}`, { code: 'sealed_value_damaged', cause });

function parseSealed(sealed: string): SealedParts {
  const [version, keyId, ...encoded] = sealed.split('.');
  const [iv, tag, data] = encoded.map((part) => Buffer.from(part, 'base64url'));
  if (version !== VERSION || !keyId || !iv || !tag || !data || encoded.length !== 3)
    throw damaged('it is not of the form v1.key.iv.tag.data');
  if (iv.length !== IV_BYTES || tag.length !== TAG_BYTES) throw damaged('its iv or tag has a wrong length');
  return { keyId, iv, tag, data };
}

/** Parses an ENCRYPTION_KEY: 32 bytes in base64 or base64url. Throws InvalidInputError without the key in it. */
export function parseEncryptionKey(key: Secret): Buffer {
  const text = key.reveal().trim();
  const bytes = Buffer.from(text, 'base64');
  if (!BASE64_KEY.test(text) || bytes.length !== KEY_BYTES) {
    throw new InvalidInputError('an encryption key must be 32 bytes in base64 (openssl rand -base64 32)', { code: 'bad_encryption_key' });
  }
  return bytes;
}

/** The key that seals and opens, and older keys that only open. Each is 32 bytes in base64. */
export interface EncryptionKeys {
  readonly current: Secret;
  readonly older: readonly Secret[];
}

const keyIdOf = (key: Buffer) => createHash('sha256').update(key).digest('hex').slice(0, KEY_ID_LENGTH);

/**
 * Seals (encrypts) texts with AES-256-GCM under the current key, and opens (decrypts) them with the current or an older key.
 *
 * Form: `v1.<key id>.<iv>.<tag>.<data>`, the last three in base64url. The key id is the first 8 hex digits of the SHA-256 of the
 * key. The context, e.g. `accesses.refresh_token:123`, is authenticated: a value that is moved to another row does not open.
 *
 * With `reload` the keys may change while the process runs. The keyring reads them again before it seals, and when it misses a
 * key. It keeps its keys while `reload` returns undefined.
 */
export class Keyring {
  readonly #keys = new Map<string, Buffer>();
  readonly #reload: () => EncryptionKeys | undefined;
  #current: { readonly id: string; readonly key: Buffer };

  /** Throws InvalidInputError for a key that is not 32 bytes in base64. */
  constructor(current: Secret, older: readonly Secret[] = [], reload: () => EncryptionKeys | undefined = () => undefined) {
    this.#current = this.#take({ current, older });
    this.#reload = reload;
  }

  /** The id of the current key. */
  get currentKeyId(): string {
    this.#refresh();
    return this.#current.id;
  }

  /** Seals with the current key. The same text gives another value each time. */
  encrypt(plaintext: string, context: string): string {
    this.#refresh();
    const { id, key } = this.#current;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(context));
    const data = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
    return [VERSION, id, ...[iv, cipher.getAuthTag(), data].map((part) => part.toString('base64url'))].join('.');
  }

  /**
   * Opens a sealed value. Throws BugError: `encryption_key_unknown` without the key, `sealed_value_damaged` when the value was
   * changed or belongs to another context. Neither shows the value.
   */
  decrypt(sealed: string, context: string): Secret {
    const { keyId, iv, tag, data } = parseSealed(sealed);
    const decipher = createDecipheriv(ALGORITHM, this.#getKey(keyId), iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(context)).setAuthTag(tag);
    try {
      return Secret.of(Buffer.concat([decipher.update(data), decipher.final()]).toString('utf8'));
    } catch (cause) {
      throw damaged(`it was changed, or its context is not ${context}`, cause);
    }
  }

  /** Whether the value is sealed with the current key. A key rotation seals the others again. */
  isCurrent(sealed: string): boolean {
    return parseSealed(sealed).keyId === this.currentKeyId;
  }

  /** The prefix of all values that the current key sealed. */
  get currentPrefix(): string {
    return `${VERSION}.${this.currentKeyId}.`;
  }

  #take({ current, older }: EncryptionKeys): { id: string; key: Buffer } {
    const key = parseEncryptionKey(current);
    for (const each of [...older.map(parseEncryptionKey), key]) this.#keys.set(keyIdOf(each), each);
    return { id: keyIdOf(key), key };
  }

  #refresh(): void {
    const keys = this.#reload();
    if (keys) this.#current = this.#take(keys);
  }

  #getKey(keyId: string): Buffer {
    if (!this.#keys.has(keyId)) this.#refresh();
    const key = this.#keys.get(keyId);
    if (key) return key;
    const held = [...this.#keys.keys()].join(', ');
    throw new BugError(`A value is sealed with key ${keyId}, but only ${held} is configured: check ENCRYPTION_KEY`, {
      code: 'encryption_key_unknown',
    });
  }
}
