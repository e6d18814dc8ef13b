import { maskText } from './mask-text.js';

/** How a field's name bears on its value: `secret` hides it, `vague` hides it unless it is plainly harmless. */
export type Sensitivity = 'secret' | 'vague' | 'open';

interface FieldName {
  readonly printed: string;
  readonly sensitivity: Sensitivity;
}

const SECRET_PART = /secret|token|passw|authorization|cookie|credential|apikey|signature/;
const SECRET_WORDS = new Set(['key', 'keys', 'auth', 'pass', 'pwd']);
const VAGUE_WORDS = new Set(['code', 'state', 'nonce']);
/** `token_expires_at`, `key_id`, `token_type` say something about a secret, not the secret. */
const DESCRIBING_ENDS = new Set(['at', 'in', 'id', 'type', 'count', 'seconds', 'ms', 'hours']);
const MAX_KNOWN = 2_000;
const MAX_KNOWN_LENGTH = 100;

const known = new Map<string, FieldName>();

const wordsOf = (key: string) =>
  key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);

function classify(key: string): Sensitivity {
  const words = wordsOf(key);
  const isSecret = SECRET_PART.test(words.join('')) || words.some((word) => SECRET_WORDS.has(word));
  if (isSecret) return DESCRIBING_ENDS.has(words.at(-1) ?? '') ? 'open' : 'secret';
  return VAGUE_WORDS.has(words.at(-1) ?? '') ? 'vague' : 'open';
}

/** How a field's name is printed and how it bears on its value; remembered, since names repeat in every record. */
export function describeField(key: string): FieldName {
  const before = known.get(key);
  if (before) return before;
  const name = { printed: maskText(key), sensitivity: classify(key.slice(0, 200)) };
  if (known.size < MAX_KNOWN && key.length < MAX_KNOWN_LENGTH) known.set(key, name);
  return name;
}

/** Our own error codes, the system's, and the states of runs; an OAuth code or state never looks like these. */
const HARMLESS = /^([a-z]+(_[a-z]+)+|E[A-Z]+|ER(_[A-Z0-9]+)+|SQLITE(_[A-Z]+)+|queued|running|completed|failed|cancelled|active)$/;

/** Whether the value of a vaguely named field is plainly no secret. */
export const isHarmless = (value: unknown): boolean =>
  value === null || typeof value === 'number' || typeof value === 'boolean' || (typeof value === 'string' && HARMLESS.test(value));
