/** An object of unknown shape. */
export type UnknownRecord = Readonly<Record<string, unknown>>;

/** Whether the value is an object and not a list. */
export const isRecord = (value: unknown): value is UnknownRecord => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Returns the value at a path of own properties; undefined when there is none. Inherited ones such as `__proto__` are not followed. */
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

/** Reads an id, timestamp or count of a vendor, a number or its decimal text. Returns undefined for anything else and for zero. */
export function toPositiveInteger(value: unknown): number | undefined {
  if (typeof value === 'string') return POSITIVE_INTEGER.test(value) ? toPositiveInteger(Number(value)) : undefined;
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

/** Reads a text; a number or a boolean (`1`, `0`) becomes one. Returns undefined for anything else. */
export function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '1' : '0';
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
}

/** Returns the items of a list. PHP-style encodings also send a list as a sparse one, as an object with index keys, or as a lone item. */
export function toItems(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return Object.values(value) as unknown[];
  if (!isRecord(value)) return [value];
  const keys = Object.keys(value);
  return keys.every((key) => INDEX.test(key)) ? Object.values(value) : [value];
}

/** Parses JSON. Returns undefined when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
