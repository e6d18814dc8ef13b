const ID = /^[1-9]\d{0,15}$/;

/** Reads a vendor's numeric id from digits or a JSON number; undefined for anything else. */
export function findId(value: unknown): number | undefined {
  const id = typeof value === 'string' && ID.test(value) ? Number(value) : value;
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : undefined;
}
