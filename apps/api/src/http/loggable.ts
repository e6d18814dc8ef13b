import { runModes } from '#domain';

type Loggable = null | boolean | number | string | { readonly [name: string]: Loggable };

/** In place of a text that may be a secret or personal data. */
const HIDDEN = '…';
const MAX_DEPTH = 3;
const MAX_FIELDS = 50;

const DIGITS = /^\d{1,16}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/;
/** Words of ours without a digit. A sender chooses the names of its fields, too. */
const FIELD_NAME = /^[a-z]{1,16}(_[a-z]{1,16}){0,3}$/;
const words: ReadonlySet<string> = new Set([...runModes, 'true', 'false', 'success', 'error']);

/** Whether a text has a form that no secret and no personal data has: an id in digits, a UUID, a time, or a word of the API. */
export const isHarmlessText = (text: string): boolean => DIGITS.test(text) || UUID.test(text) || ISO_TIME.test(text) || words.has(text);

function toLoggableFields(fields: object, isKnown: (name: string) => boolean, depth: number): Loggable {
  if (depth > MAX_DEPTH) return HIDDEN;
  const entries = Object.entries(fields).slice(0, MAX_FIELDS);
  return Object.fromEntries(entries.map(([name, value]) => [isKnown(name) ? name : HIDDEN, toLoggableValue(value, isKnown, depth)]));
}

function toLoggableValue(value: unknown, isKnown: (name: string) => boolean, depth: number): Loggable {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'string') return isHarmlessText(value) ? value : HIDDEN;
  if (Array.isArray(value)) return `${value.length} items`;
  if (Buffer.isBuffer(value)) return `${value.length} bytes`;
  return typeof value === 'object' ? toLoggableFields(value, isKnown, depth + 1) : HIDDEN;
}

/** Returns what the log may have of a request: names of fields, ids, numbers, flags and known words. */
export const toLoggableInput = (input: object): Loggable => toLoggableFields(input, (name) => FIELD_NAME.test(name), 1);

/** Returns what the log may have of a response: its ids, numbers, flags and known words; of lists the length. */
export const toLoggableResponse = (response: object): Loggable => toLoggableFields(response, () => true, 1);
