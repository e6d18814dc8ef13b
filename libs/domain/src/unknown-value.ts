/** An object of which nothing is known yet. */
export type UnknownRecord = Readonly<Record<string, unknown>>;

/** Whether it is an object and no list. */
export const isRecord = (value: unknown): value is UnknownRecord => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Follows own properties only, so `__proto__`, `constructor` and friends lead nowhere. Undefined when the path breaks off. */
export function valueAt(holder: unknown, ...path: readonly string[]): unknown {
  let value = holder;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as UnknownRecord)[key];
  }
  return value;
}

const POSITIVE_INTEGER = /^[1-9]\d{0,15}$/;
const INDEX = /^\d+$/;

/** A vendor's id, timestamp or count, which may come as a number or as its decimal text. Undefined for anything else and for zero. */
export function toPositiveInteger(value: unknown): number | undefined {
  if (typeof value === 'string') return POSITIVE_INTEGER.test(value) ? toPositiveInteger(Number(value)) : undefined;
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

/** A text, or the text of a number or of a truth value (`1`, `0`). Undefined for anything else. */
export function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '1' : '0';
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
}

/** The items of a list, which PHP-style encodings also send sparse, as an object with index keys, or as a lone item. */
export function toItems(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return Object.values(value) as unknown[];
  if (!isRecord(value)) return [value];
  const keys = Object.keys(value);
  return keys.every((key) => INDEX.test(key)) ? Object.values(value) : [value];
}

/** JSON, or undefined when the text is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
