import { Secret } from '#domain';
import { describeField, isHidden } from './field-name.js';
import { MASK, maskText } from './mask-text.js';

const MAX_DEPTH = 8;
const MAX_ITEMS = 50;
const MAX_VALUES = 1_000;
const MAX_CHARACTERS = 16_000;
const MAX_STACK_LINES = 12;

/** A value of JSON. */
export type Printable = null | boolean | number | string | Printable[] | { [key: string]: Printable };

const codeOf = (error: Error) => {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' || typeof code === 'number' ? { code } : {};
};

/** Masks one value and everything inside it, within limits for the whole. */
class ValueMasker {
  private valuesLeft = MAX_VALUES;
  private charactersLeft = MAX_CHARACTERS;
  /** The objects around the current value. */
  private readonly parents = new Set<object>();

  mask(value: unknown): Printable {
    this.valuesLeft -= 1;
    if (this.valuesLeft < 0 || this.charactersLeft < 0) return '…';
    if (typeof value === 'string') return this.maskString(value);
    if (value === null || value === undefined || typeof value === 'boolean') return value ?? null;
    if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
    return typeof value === 'object'
      ? this.maskObject(value)
      : this.maskString(typeof value === 'bigint' ? String(value) : `[${typeof value}]`);
  }

  private maskString(text: string): string {
    const masked = maskText(text);
    this.charactersLeft -= masked.length;
    return masked;
  }

  private maskObject(value: object): Printable {
    if (value instanceof Secret) return MASK;
    if (this.parents.has(value)) return '[circular]';
    if (this.parents.size >= MAX_DEPTH) return '[deeper]';
    this.parents.add(value);
    try {
      return this.maskContent(value);
    } catch {
      return '[unreadable]';
    } finally {
      this.parents.delete(value);
    }
  }

  private maskContent(value: object): Printable {
    if (Array.isArray(value)) return this.maskList(value);
    if (value instanceof Error) return this.maskError(value);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (value instanceof URL) return this.maskString(value.href);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
    if (value instanceof Set) return this.maskList([...value]);
    return this.maskEntries(value instanceof Map ? [...value].map(([key, item]) => [String(key), item]) : Object.entries(value));
  }

  private maskList(items: readonly unknown[]): Printable {
    const shown = items.slice(0, MAX_ITEMS).map((item) => this.mask(item));
    return items.length > MAX_ITEMS ? [...shown, `… (${items.length - MAX_ITEMS} more)`] : shown;
  }

  private maskEntries(entries: readonly (readonly [string, unknown])[]): Printable {
    const result = Object.create(null) as { [key: string]: Printable };
    for (const [key, item] of entries.slice(0, MAX_ITEMS)) {
      if (item === undefined) continue;
      const { printed, sensitivity } = describeField(key);
      this.charactersLeft -= printed.length;
      result[printed] = isHidden(sensitivity, item) ? MASK : this.mask(item);
    }
    if (entries.length > MAX_ITEMS) result['…'] = `${entries.length - MAX_ITEMS} more`;
    return result;
  }

  private maskError(error: Error): Printable {
    const { name, message, stack, cause } = error;
    const frames = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
    return {
      name: this.maskString(name),
      message: this.maskString(message),
      ...codeOf(error),
      ...(error instanceof AggregateError && { errors: this.maskList(error.errors) }),
      stack: frames.slice(0, MAX_STACK_LINES).map((line) => this.maskString(line.trim())),
      ...(cause !== undefined && { cause: this.mask(cause) }),
    };
  }
}

/**
 * Copies any value for the log as plain JSON. Hides secrets, tokens, keys and e-mail addresses at every depth, by the name of
 * their field and by their form. Escapes control characters, cuts cycles, limits depth, width and size. Never throws.
 */
export const mask = (value: unknown): Printable => new ValueMasker().mask(value);
