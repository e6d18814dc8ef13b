type Detail = string | number | boolean;

const HARMLESS = /^[\w.:-]{1,64}$/;

/** Of a list only the length is kept: it may hold e-mail addresses. */
function findDetail(value: unknown): Detail | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.length;
  if (typeof value !== 'string') return undefined;
  if (value.includes('@')) return value.split(',').length;
  return HARMLESS.test(value) ? value : undefined;
}

/** Returns the values of `fields` that are safe to keep: numbers, booleans, short plain words, and the lengths of lists. */
export function readDetails(input: Readonly<Record<string, unknown>>, fields: readonly string[]): Record<string, Detail> {
  const details: Record<string, Detail> = {};
  for (const field of fields) {
    const detail = findDetail(input[field]);
    if (detail !== undefined) details[field] = detail;
  }
  return details;
}
