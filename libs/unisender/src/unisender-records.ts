import { isRecord, toItems, toPositiveInteger, toText, valueAt } from '#domain';
import { unavailable } from './unisender-failure.js';

/** A list of contacts. */
export interface UnisenderList {
  readonly id: number;
  readonly title: string;
}

/** A field that the account's owner defined. */
export interface UnisenderField {
  readonly id: number;
  /** The name of its column in importContacts, case-sensitive. */
  readonly name: string;
  readonly type: string;
}

/** An address as Unisender holds it (reference/unisender.md 5.1, 6.1). */
export interface UnisenderContact {
  readonly email: string;
  /** `new`, `invited`, `active`, `inactive`, `unsubscribed`, `blocked` or `activation_requested`. */
  readonly status: string;
  readonly availability: string | undefined;
  /** Since when the account has it, epoch milliseconds. */
  readonly addedAtMs: number | undefined;
  readonly lists: readonly { readonly id: number; readonly status: string }[];
  readonly fields: Readonly<Record<string, string>>;
}

/** An asynchronous task. Statuses known: `new`, `processing`, `completed`; those of failures are not documented. */
export interface UnisenderTask {
  readonly status: string;
  readonly fileUrl: string | undefined;
}

/** A webhook subscription. */
export interface UnisenderHook {
  readonly url: string;
  /** `stopped` after 24 hours of failed deliveries (reference/unisender.md 8.1). */
  readonly status: string | undefined;
}

const TIME = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/;

/** `YYYY-MM-DD hh:mm:ss` in UTC as epoch milliseconds. */
function toEpochMs(value: unknown): number | undefined {
  const match = typeof value === 'string' ? TIME.exec(value) : null;
  const epochMs = match ? Date.parse(`${match[1]}T${match[2]}Z`) : Number.NaN;
  return Number.isNaN(epochMs) ? undefined : epochMs;
}

const readItems = <T>(result: unknown, toItem: (item: unknown) => T | undefined): T[] =>
  toItems(result).flatMap((item) => toItem(item) ?? []);

/** The lists of getLists; what has no id is left out. */
export const readLists = (result: unknown): UnisenderList[] =>
  readItems(result, (item) => {
    const id = toPositiveInteger(valueAt(item, 'id'));
    return id === undefined ? undefined : { id, title: toText(valueAt(item, 'title')) ?? '' };
  });

/** The fields of getFields; what has no id or name is left out. */
export const readFields = (result: unknown): UnisenderField[] =>
  readItems(result, (item) => {
    const [id, name] = [toPositiveInteger(valueAt(item, 'id')), toText(valueAt(item, 'name'))];
    return id === undefined || name === undefined ? undefined : { id, name, type: toText(valueAt(item, 'type')) ?? '' };
  });

/** The webhooks of listHooks; what has no URL is left out. */
export const readHooks = (result: unknown): UnisenderHook[] =>
  readItems(result, (item) => {
    const url = toText(valueAt(item, 'url')) ?? toText(valueAt(item, 'hook_url'));
    return url === undefined ? undefined : { url, status: toText(valueAt(item, 'status')) };
  });

function readTextRecord(value: unknown): Record<string, string> {
  const entries = isRecord(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.map(([name, text]) => [name, toText(text) ?? '']));
}

/** The contact of getContact. Throws TransientError when there is none in it. */
export function readContact(result: unknown): UnisenderContact {
  const email = toText(valueAt(result, 'email', 'email'));
  const status = toText(valueAt(result, 'email', 'status'));
  if (email === undefined || status === undefined) throw unavailable('gave no contact');
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

/** The id of what was created. */
export function readId(result: unknown): number {
  const id = toPositiveInteger(valueAt(result, 'id'));
  if (id === undefined) throw unavailable('gave no id');
  return id;
}

/** The id of a task that was started. Throws TransientError when there is none. */
export function readTaskId(result: unknown): string {
  const taskId = toText(valueAt(result, 'task_uuid'));
  if (!taskId) throw unavailable('gave no task');
  return taskId;
}

/** How far a task is. Throws TransientError when the answer does not say. */
export function readTask(result: unknown): UnisenderTask {
  const status = toText(valueAt(result, 'status'));
  if (status === undefined) throw unavailable('gave no status of the task');
  return { status, fileUrl: toText(valueAt(result, 'file_to_download')) || undefined };
}
