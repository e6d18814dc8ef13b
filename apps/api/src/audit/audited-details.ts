import { runModes, tubes, vendors } from '#domain';
import { widgetActions } from '#sync';

type Detail = string | number | boolean;

/** Reads what the audit log keeps of one field. Undefined for any other value: it may be a secret in the wrong field. */
type DetailReader = (value: unknown) => Detail | undefined;

/** The fields that the audit log keeps, each with its reader. */
export type DetailReaders = Readonly<Record<string, DetailReader>>;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const FLAGS: ReadonlySet<unknown> = new Set([true, false, 1, 0, '1', '0', 'true', 'false']);

/** Keeps the mode of a run. */
export const runMode: DetailReader = (value) => runModes.find((mode) => mode === value);

/** Keeps the name of a vendor. */
export const vendor: DetailReader = (value) => vendors.find((name) => name === value);

/** Keeps the name of a tube. */
export const tube: DetailReader = (value) => tubes.find((name) => name === value);

/** Keeps a number of up to 15 digits. */
export const number: DetailReader = (value) => (/^\d{1,15}$/.test(String(value)) ? Number(value) : undefined);

/** Keeps `host:port` of a queue server. */
export const queueServer: DetailReader = (value) =>
  typeof value === 'string' && /^[\w.-]{1,100}:\d{1,5}$/.test(value) ? value : undefined;

/** Keeps a number of minutes. */
export const minutes: DetailReader = (value) => (/^\d{1,9}$/.test(String(value)) ? Number(value) : undefined);

/** Keeps the action of a button of the widget. */
export const widgetAction: DetailReader = (value) => widgetActions.find((action) => action === value);

/** Keeps an id in the form of a UUID: of an integration, or of a run. */
export const uuid: DetailReader = (value) => (typeof value === 'string' && UUID.test(value) ? value : undefined);

/** Keeps a flag. */
export const flag: DetailReader = (value) => (FLAGS.has(value) ? (value as Detail) : undefined);

/** Counts the entries of a text without a part for each: the text may have 4 MB. */
function countEntries(text: string): number {
  let entries = 1;
  for (let at = text.indexOf(','); at !== -1; at = text.indexOf(',', at + 1)) entries += 1;
  return entries;
}

/** Keeps how many e-mail addresses a list, or a text with commas, has. */
export function count(value: unknown): Detail | undefined {
  if (Array.isArray(value)) return value.length;
  return typeof value === 'string' && value.includes('@') ? countEntries(value) : undefined;
}

/** Reads the details of an action from the input of its request. */
export function readDetails(input: Readonly<Record<string, unknown>>, readers: DetailReaders): Record<string, Detail> {
  const details: Record<string, Detail> = {};
  for (const [field, read] of Object.entries(readers)) {
    const detail = read(input[field]);
    if (detail !== undefined) details[field] = detail;
  }
  return details;
}
