import { isRecord, toItems, toPositiveInteger, toText, valueAt } from '#domain';
import { unavailable } from './unisender-failure.js';

/** A list of an account. */
export interface UnisenderList {
  readonly id: number;
  readonly title: string;
}

/** A field that an account defines. */
export interface UnisenderField {
  readonly id: number;
  /** The name of its column in importContacts, case-sensitive. */
  readonly name: string;
  readonly type: string;
}

/** An address in Unisender (reference/unisender.md 5.1, 6.1). */
export interface UnisenderContact {
  readonly email: string;
  /** `new`, `invited`, `active`, `inactive`, `unsubscribed`, `blocked` or `activation_requested`. */
  readonly status: string;
  readonly availability: string | undefined;
  /** When the account got the address, in epoch milliseconds. */
  readonly addedAtMs: number | undefined;
  readonly lists: readonly { readonly id: number; readonly status: string }[];
  readonly fields: Readonly<Record<string, string>>;
}

/** An asynchronous task. Known statuses: `new`, `processing`, `completed`. Those of failures are not documented. */
export interface UnisenderTask {
  readonly status: string;
  readonly fileUrl: string | undefined;
}

/** A webhook of an account. */
export interface UnisenderHook {
  readonly url: string;
  /** `stopped` after 24 hours of failed deliveries (reference/unisender.md 8.1). */
  readonly status: string | undefined;
}

const TIME = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/;

/** Converts `YYYY-MM-DD hh:mm:ss` in UTC to epoch milliseconds. */
export function toEpochMs(value: unknown): number | undefined {
  const match = typeof value === 'string' ? TIME.exec(value) : null;
  const epochMs = match ? Date.parse(`${match[1]}T${match[2]}Z`) : Number.NaN;
  return Number.isNaN(epochMs) ? undefined : epochMs;
}

const readItems = <T>(result: unknown, toItem: (item: unknown) => T | undefined): T[] =>
  toItems(result).flatMap((item) => toItem(item) ?? []);

/** Reads the lists of getLists. Skips items without an id. */
export const readLists = (result: unknown): UnisenderList[] =>
  readItems(result, (item) => {
    const id = toPositiveInteger(valueAt(item, 'id'));
    return id === undefined ? undefined : { id, title: toText(valueAt(item, 'title')) ?? '' };
  });

/** Reads the fields of getFields. Skips items without an id or a name. */
export const readFields = (result: unknown): UnisenderField[] =>
  readItems(result, (item) => {
    const [id, name] = [toPositiveInteger(valueAt(item, 'id')), toText(valueAt(item, 'name'))];
    return id === undefined || name === undefined ? undefined : { id, name, type: toText(valueAt(item, 'type')) ?? '' };
  });

/** Reads the webhooks of listHooks. Skips items without a URL. */
export const readHooks = (result: unknown): UnisenderHook[] =>
  readItems(result, (item) => {
    const url = toText(valueAt(item, 'url')) ?? toText(valueAt(item, 'hook_url'));
    return url === undefined ? undefined : { url, status: toText(valueAt(item, 'status')) };
  });

function readTextRecord(value: unknown): Record<string, string> {
  const entries = isRecord(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.map(([name, text]) => [name, toText(text) ?? '']));
}

/** Reads the contact of getContact. Throws TransientError when there is none in it. */
export function readContact(result: unknown): UnisenderContact {
  const email = toText(valueAt(result, 'email', 'email'));
  const status = toText(valueAt(result, 'email', 'status'));
  if (email === undefined || status === undefined) throw unavailable('sent no contact');
  return {
    email,
    status,
    availability: toText(valueAt(result, 'email', 'availability')),
    addedAtMs: toEpochMs(valueAt(result, 'email', 'added_at')),
    lists: readItems(valueAt(result, 'lists'), (item) => {
      const id = toPositiveInteger(valueAt(item, 'id'));
      return id === undefined ? undefined : { id, status: toText(valueAt(item, 'status')) ?? '' };
    }),
    fields: readTextRecord(valueAt(result, 'fields')),
  };
}

/** Reads the id of a created object. Throws TransientError when there is none in it. */
export function readId(result: unknown): number {
  const id = toPositiveInteger(valueAt(result, 'id'));
  if (id === undefined) throw unavailable('sent no id');
  return id;
}

/** Reads the id of a started task. Throws TransientError when there is none in it. */
export function readTaskId(result: unknown): string {
  const taskId = toText(valueAt(result, 'task_uuid'));
  if (!taskId) throw unavailable('sent no task');
  return taskId;
}

/** Reads the status of a task. Throws TransientError when there is none in it. */
export function readTask(result: unknown): UnisenderTask {
  const status = toText(valueAt(result, 'status'));
  if (status === undefined) throw unavailable('sent no status of the task');
  return { status, fileUrl: toText(valueAt(result, 'file_to_download')) || undefined };
}
