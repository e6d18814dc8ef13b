import { Secret } from '#domain';
import { maskText } from './mask-text.js';
import { describeField, isHarmless, type Sensitivity } from './field-name.js';

const MASK = '***';
const MAX_DEPTH = 8;
const MAX_ITEMS = 50;
const MAX_VALUES = 1_000;
const MAX_CHARACTERS = 16_000;
const MAX_STACK_LINES = 12;

/** What JSON can say. */
export type Printable = null | boolean | number | string | Printable[] | { [key: string]: Printable };

const codeOf = (error: Error) => {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' || typeof code === 'number' ? { code } : {};
};

function isHidden(sensitivity: Sensitivity, item: unknown): boolean {
  if (sensitivity === 'open') return false;
  return sensitivity === 'secret' ? item !== null && typeof item !== 'boolean' : !isHarmless(item);
}

/** One walk over one value, with what it may still spend. */
class Walk {
  private values = MAX_VALUES;
  private characters = MAX_CHARACTERS;
  private readonly predecessors = new Set<object>();

  mask(value: unknown): Printable {
    this.values -= 1;
    if (this.values < 0 || this.characters < 0) return '…';
    if (typeof value === 'string') return this.text(value);
    if (value === null || value === undefined || typeof value === 'boolean') return value ?? null;
    if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
    return typeof value === 'object' ? this.object(value) : this.text(typeof value === 'bigint' ? String(value) : `[${typeof value}]`);
  }

  private text(text: string): string {
    const masked = maskText(text);
    this.characters -= masked.length;
    return masked;
  }

  private object(value: object): Printable {
    if (value instanceof Secret) return MASK;
    if (this.predecessors.has(value)) return '[circular]';
    if (this.predecessors.size >= MAX_DEPTH) return '[deeper]';
    this.predecessors.add(value);
    try {
      return this.inside(value);
    } catch {
      return '[unreadable]';
    } finally {
      this.predecessors.delete(value);
    }
  }

  private inside(value: object): Printable {
    if (Array.isArray(value)) return this.list(value);
    if (value instanceof Error) return this.error(value);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (value instanceof URL) return this.text(value.href);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
    if (value instanceof Set) return this.list([...value]);
    return this.entries(value instanceof Map ? [...value].map(([key, item]) => [String(key), item]) : Object.entries(value));
  }

  private list(items: readonly unknown[]): Printable {
    const shown = items.slice(0, MAX_ITEMS).map((item) => this.mask(item));
    return items.length > MAX_ITEMS ? [...shown, `… (${items.length - MAX_ITEMS} more)`] : shown;
  }

  private entries(entries: readonly (readonly [string, unknown])[]): Printable {
    const result = Object.create(null) as { [key: string]: Printable };
    for (const [key, item] of entries.slice(0, MAX_ITEMS)) {
      if (item === undefined) continue;
      const { printed, sensitivity } = describeField(key);
      this.characters -= printed.length;
      result[printed] = isHidden(sensitivity, item) ? MASK : this.mask(item);
    }
    if (entries.length > MAX_ITEMS) result['…'] = `${entries.length - MAX_ITEMS} more`;
    return result;
  }

  private error(error: Error): Printable {
    const { name, message, stack, cause } = error;
    const frames = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
    return {
      name: this.text(name),
      message: this.text(message),
      ...codeOf(error),
      ...(error instanceof AggregateError && { errors: this.list(error.errors) }),
      stack: frames.slice(0, MAX_STACK_LINES).map((line) => this.text(line.trim())),
      ...(cause !== undefined && { cause: this.mask(cause) }),
    };
  }
}

/**
 * Any value as it may be logged, made of what JSON can say: secrets, tokens, keys and e-mail addresses are hidden wherever they
 * stand (by the name of their field and by their look), control characters escaped, cycles cut, depth, width and size limited.
 * Never throws, and never changes what it is given.
 */
export const mask = (value: unknown): Printable => new Walk().mask(value);
