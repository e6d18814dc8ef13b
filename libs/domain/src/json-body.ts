import {
  type BodyLimits,
  type BodyObject,
  type BodyValue,
  bodyTooComplex,
  decodeBody,
  defaultBodyLimits,
  isDangerousName,
  malformedBody,
} from './form-body.js';

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** `JSON.parse` accepts half a surrogate pair, which a database refuses. */
const toWellFormed = (text: string) => text.replace(LONE_SURROGATE, '\ufffd');

class JsonCleaner {
  private names = 0;

  constructor(private readonly limits: BodyLimits) {}

  clean(value: unknown, depth: number): BodyValue {
    if (typeof value === 'string') return toWellFormed(value);
    if (typeof value !== 'object' || value === null) return value as BodyValue;
    if (depth > this.limits.maxDepth) throw bodyTooComplex(`it has more than ${this.limits.maxDepth} levels`);
    return Array.isArray(value) ? this.cleanList(value, depth) : this.cleanObject(value, depth);
  }

  private cleanList(list: readonly unknown[], depth: number): BodyValue[] {
    this.count(list.length);
    return list.map((item) => this.clean(item, depth + 1));
  }

  private cleanObject(object: object, depth: number): BodyObject {
    const entries = Object.entries(object);
    this.count(entries.length);
    const result = Object.create(null) as BodyObject;
    for (const [name, value] of entries) {
      if (!isDangerousName(name)) result[toWellFormed(name)] = this.clean(value, depth + 1);
    }
    return result;
  }

  private count(names: number): void {
    this.names += names;
    if (this.names > this.limits.maxKeys) throw bodyTooComplex(`it has more than ${this.limits.maxKeys} values`);
  }
}

/**
 * Reads a JSON text under the limits of `parseFormBody`. Names that reach a prototype are dropped; half surrogate pairs become
 * U+FFFD. Returns undefined for an empty body.
 *
 * Throws InvalidInputError: `bad_body` for a text that is not JSON or not UTF-8, `body_too_complex` above the limits.
 */
export function parseJsonBody(body: Uint8Array | string, limits: BodyLimits = defaultBodyLimits): BodyValue | undefined {
  const text = typeof body === 'string' ? body : decodeBody(body);
  if (text.trim() === '') return undefined;
  return new JsonCleaner(limits).clean(parse(text), 1);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the body.
    throw malformedBody('it is not JSON');
  }
}
