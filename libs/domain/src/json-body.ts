import {
  type BodyLimits,
  bodyTooComplex,
  type BodyValue,
  defaultBodyLimits,
  EmptyObject,
  isDangerousName,
  malformedBody,
} from './body-limits.js';
import { findJsonExcess } from './json-limits.js';
import type { UnknownRecord } from './unknown-value.js';

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
/** Only an escape gives a half pair: text in UTF-8 has none. */
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

/** `JSON.parse` accepts half a surrogate pair, which a database refuses. */
const toWellFormed = (text: string) => text.replace(LONE_SURROGATE, '\ufffd');

const unchanged = (text: string) => text;

function clean(value: unknown, cleanText: (text: string) => string): BodyValue {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value !== 'object' || value === null) return value as BodyValue;
  if (Array.isArray(value)) return value.map((item) => clean(item, cleanText));
  const result = new EmptyObject();
  for (const name of Object.keys(value)) {
    if (!isDangerousName(name)) result[cleanText(name)] = clean((value as UnknownRecord)[name], cleanText);
  }
  return result;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Decodes a body. Drops a byte order mark. Throws InvalidInputError `bad_body` when it is not UTF-8. */
function decode(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw malformedBody('it is not UTF-8', cause);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the body.
    throw malformedBody('it is not JSON');
  }
}

const EXCESSES = {
  depth: ({ maxDepth }: BodyLimits) => `it has more than ${maxDepth} levels`,
  items: ({ maxKeys }: BodyLimits) => `it has more than ${maxKeys} values`,
} as const;

/**
 * Reads a JSON text under the limits of `parseFormBody`. Names that reach a prototype are dropped; half surrogate pairs become
 * U+FFFD. Returns undefined for an empty body.
 *
 * Throws InvalidInputError: `bad_body` for a text that is not JSON or not UTF-8, `body_too_complex` above the limits.
 */
export function parseJsonBody(body: Uint8Array | string, limits: BodyLimits = defaultBodyLimits): BodyValue | undefined {
  const text = typeof body === 'string' ? body : decode(body);
  if (text.trim() === '') return undefined;
  const excess = findJsonExcess(text, { maxItems: limits.maxKeys, maxDepth: limits.maxDepth });
  if (excess !== undefined) throw bodyTooComplex(EXCESSES[excess](limits));
  const mayHaveHalfPairs = typeof body === 'string' || SURROGATE_ESCAPE.test(text);
  return clean(parse(text), mayHaveHalfPairs ? toWellFormed : unchanged);
}
