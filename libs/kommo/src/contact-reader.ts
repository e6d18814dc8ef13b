import {
  addressKinds,
  type ContactSnapshot,
  isRecord,
  type SnapshotEmail,
  toItems,
  toPositiveInteger,
  toText,
  type UnknownRecord,
  valueAt,
} from '#domain';
import { unreadableResponse } from './kommo-failure.js';

/** One page of contacts, in the requested order. */
export interface ContactPage {
  readonly contacts: ContactSnapshot[];
  readonly hasNext: boolean;
}

/** Where hooks (v2 style) and the API (v4) keep the same data of a contact (reference/kommo.md 4.2, 5.3). */
interface ContactShape {
  readonly fields: (contact: UnknownRecord) => unknown;
  readonly fieldId: string;
  readonly fieldCode: string;
  readonly modifiedAt: readonly string[];
  readonly tags: (contact: UnknownRecord) => unknown;
  /** The keys of an enum's id or code in a value, the first one counts. Hooks have the id alone (reference/kommo.md 4.2, 5.3). */
  readonly enums: readonly string[];
}

const API_SHAPE: ContactShape = {
  fields: (contact) => valueAt(contact, 'custom_fields_values'),
  fieldId: 'field_id',
  fieldCode: 'field_code',
  modifiedAt: ['updated_at'],
  tags: (contact) => valueAt(contact, '_embedded', 'tags'),
  enums: ['enum_id', 'enum_code', 'enum'],
};

const HOOK_SHAPE: ContactShape = {
  fields: (contact) => valueAt(contact, 'custom_fields'),
  fieldId: 'id',
  fieldCode: 'code',
  modifiedAt: ['updated_at', 'last_modified'],
  tags: (contact) => valueAt(contact, 'tags'),
  enums: ['enum'],
};

const EMAIL_CODE = 'EMAIL';

/** A value is an object, or in hooks also a plain scalar, e.g. a date (reference/kommo.md 5.3). */
const readValue = (item: unknown): string | undefined => toText(isRecord(item) ? valueAt(item, 'value') : item);

interface ReadField {
  readonly code: string | undefined;
  readonly id: string | undefined;
  readonly values: readonly unknown[];
}

const readFields = (contact: UnknownRecord, shape: ContactShape): ReadField[] =>
  toItems(shape.fields(contact)).map((field) => ({
    code: toText(valueAt(field, shape.fieldCode)),
    id: toText(valueAt(field, shape.fieldId)),
    values: toItems(valueAt(field, 'values')),
  }));

function firstValues(fields: readonly ReadField[]): Record<string, string> {
  const found = new Map<string, string>();
  for (const { code, id, values } of fields) {
    if (code === EMAIL_CODE) continue;
    const value = values.map(readValue).find((text) => text !== undefined);
    if (value === undefined) continue;
    for (const key of [code, id]) if (key && !found.has(key)) found.set(key, value);
  }
  return Object.fromEntries(found);
}

const findKind = (value: unknown): SnapshotEmail['kind'] | undefined =>
  toPositiveInteger(value) ?? addressKinds.find((kind) => kind === value);

const readKind = (item: unknown, { enums }: ContactShape): SnapshotEmail['kind'] =>
  enums.map((key) => findKind(valueAt(item, key))).find((kind) => kind !== undefined) ?? 'OTHER';

const readEmails = (fields: readonly ReadField[], shape: ContactShape): SnapshotEmail[] =>
  fields
    .filter(({ code }) => code === EMAIL_CODE)
    .flatMap(({ values }) => values)
    .flatMap((item) => {
      const value = readValue(item);
      return value === undefined ? [] : [{ value, kind: readKind(item, shape) }];
    });

function readContact(contact: UnknownRecord, contactId: number, shape: ContactShape): ContactSnapshot {
  const fields = readFields(contact, shape);
  return {
    contactId,
    name: toText(valueAt(contact, 'name')) ?? '',
    emails: readEmails(fields, shape),
    modifiedAtSeconds: shape.modifiedAt.map((key) => toPositiveInteger(valueAt(contact, key))).find((time) => time !== undefined),
    isDeleted: valueAt(contact, 'is_deleted') === true || valueAt(contact, 'is_unsorted') === true,
    tags: toItems(shape.tags(contact)).flatMap((tag) => toText(valueAt(tag, 'name')) ?? []),
    responsibleUserId: toPositiveInteger(valueAt(contact, 'responsible_user_id')) ?? 0,
    fields: firstValues(fields),
  };
}

/** Reads a contact of an API response; undefined when the value is not a contact. */
export function findApiContact(contact: unknown): ContactSnapshot | undefined {
  const contactId = toPositiveInteger(valueAt(contact, 'id'));
  return isRecord(contact) && contactId !== undefined ? readContact(contact, contactId, API_SHAPE) : undefined;
}

/** Reads a contact of a hook: its full current state, not a difference (reference/kommo.md 5.3). */
export const readHookContact = (contact: UnknownRecord, contactId: number): ContactSnapshot => readContact(contact, contactId, HOOK_SHAPE);

/**
 * Reads a page of at most `limit` contacts. An empty body is an empty page. Throws TransientError `kommo_unavailable` for any other
 * shape.
 */
export function readContactPage(body: UnknownRecord | undefined, limit: number): ContactPage {
  if (!body) return { contacts: [], hasNext: false };
  const items = valueAt(body, '_embedded', 'contacts');
  if (!Array.isArray(items)) throw unreadableResponse('no contacts in it');
  if (items.length > limit) throw unreadableResponse(`more than ${limit} contacts`);
  const contacts = items.map((item) => {
    const contact = findApiContact(item);
    if (!contact) throw unreadableResponse('a contact without an id');
    return contact;
  });
  const next = valueAt(body, '_links', 'next');
  return { contacts, hasNext: next !== undefined && next !== null };
}
