type Detail = string | number | boolean;

const HARMLESS = /^[\w.:-]{1,64}$/;

/** Lists are counted, never shown: they may hold addresses. */
function findDetail(value: unknown): Detail | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.length;
  if (typeof value !== 'string') return undefined;
  if (value.includes('@')) return value.split(',').length;
  return HARMLESS.test(value) ? value : undefined;
}

/** Those of a request's fields that may be kept: short plain words, numbers, and how many entries a list has. */
export function readDetails(input: Readonly<Record<string, unknown>>, fields: readonly string[]): Record<string, Detail> {
  const details: Record<string, Detail> = {};
  for (const field of fields) {
    const detail = findDetail(input[field]);
    if (detail !== undefined) details[field] = detail;
  }
  return details;
}
