import { errorCodes } from '#domain';
import { maskText } from './mask-text.js';

/**
 * What the name of a field says about its value. `secret`: the value is secret. `code`: it may be an OAuth code or an error code.
 * `state`: it may be an OAuth state or the state of a run or job. `open`: nothing.
 */
type Sensitivity = 'secret' | 'code' | 'state' | 'open';

interface FieldName {
  /** The name, masked itself. */
  readonly printed: string;
  readonly sensitivity: Sensitivity;
}

const SECRET_PART = /secret|token|passw|authorization|cookie|credential|apikey|signature/;
const SECRET_WORDS = new Set(['key', 'keys', 'auth', 'pass', 'pwd']);
const LAST_WORDS: ReadonlyMap<string, Sensitivity> = new Map([
  ['code', 'code'],
  ['nonce', 'code'],
  ['state', 'state'],
]);
/** `token_expires_at`, `key_id` and `token_type` describe a secret and are none. */
const DESCRIBING_WORDS = new Set(['at', 'in', 'id', 'type', 'count', 'seconds', 'ms', 'hours']);
const MAX_CACHED_NAMES = 2_000;
const MAX_CACHED_LENGTH = 100;

const cache = new Map<string, FieldName>();

const wordsOf = (key: string) =>
  key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);

function classify(key: string): Sensitivity {
  const words = wordsOf(key);
  const lastWord = words.at(-1) ?? '';
  const isSecret = SECRET_PART.test(words.join('')) || words.some((word) => SECRET_WORDS.has(word));
  if (isSecret) return DESCRIBING_WORDS.has(lastWord) ? 'open' : 'secret';
  return LAST_WORDS.get(lastWord) ?? 'open';
}

/** Masks the name of a field and classifies it. Caches the result, as names repeat in every record. */
export function describeField(key: string): FieldName {
  const cached = cache.get(key);
  if (cached) return cached;
  const name = { printed: maskText(key), sensitivity: classify(key.slice(0, 200)) };
  if (cache.size < MAX_CACHED_NAMES && key.length < MAX_CACHED_LENGTH) cache.set(key, name);
  return name;
}

/** Our own error codes and those of the operating system, of drivers and of libraries. An OAuth code never looks like these. */
const ERROR_CODE = /^([a-z]+(_{1,2}[a-z]+)+|[A-Z]+(_[A-Z0-9]+)*|queued|running|completed|failed|cancelled|active)$/;
const knownCodes: ReadonlySet<string> = new Set(errorCodes);
/** A state of a run, job, account or address. An OAuth state has other characters. */
const STATE_WORD = /^[a-z]+(_[a-z]+)*$/;

/** Whether the log must show `***` in place of this value. */
export function isHidden(sensitivity: Sensitivity, value: unknown): boolean {
  if (sensitivity === 'open' || value === null || typeof value === 'boolean') return false;
  if (sensitivity === 'secret') return true;
  if (typeof value === 'number') return false;
  if (typeof value !== 'string') return true;
  return sensitivity === 'code' ? !(knownCodes.has(value) || ERROR_CODE.test(value)) : !STATE_WORD.test(value);
}
