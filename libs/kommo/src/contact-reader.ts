import { type ContactSnapshot, isRecord, toItems, toPositiveInteger, toText, type UnknownRecord, valueAt } from '#domain';

/** The names under which hooks (v2 style) and the API (v4) give the same things (reference/kommo.md 4.2, 5.3). */
interface ContactShape {
  readonly fields: (contact: UnknownRecord) => unknown;
  readonly fieldId: string;
  readonly fieldCode: string;
  readonly modifiedAt: readonly string[];
  readonly tags: (contact: UnknownRecord) => unknown;
}

const apiShape: ContactShape = {
  fields: (contact) => valueAt(contact, 'custom_fields_values'),
  fieldId: 'field_id',
  fieldCode: 'field_code',
  modifiedAt: ['updated_at'],
  tags: (contact) => valueAt(contact, '_embedded', 'tags'),
};

const hookShape: ContactShape = {
  fields: (contact) => valueAt(contact, 'custom_fields'),
  fieldId: 'id',
  fieldCode: 'code',
  modifiedAt: ['updated_at', 'last_modified'],
  tags: (contact) => valueAt(contact, 'tags'),
};

const EMAIL_CODE = 'EMAIL';

/** Values come as objects, and in hooks also as bare scalars (dates) (reference/kommo.md 5.3). */
function readValues(values: unknown): string[] {
  const texts = toItems(values).map((item) => toText(isRecord(item) ? valueAt(item, 'value') : item));
  return texts.filter((text) => text !== undefined);
}

interface ReadField {
  readonly code: string | undefined;
  readonly id: string | undefined;
  readonly values: readonly string[];
}

const readFields = (contact: UnknownRecord, shape: ContactShape): ReadField[] =>
  toItems(shape.fields(contact)).map((field) => ({
    code: toText(valueAt(field, shape.fieldCode)),
    id: toText(valueAt(field, shape.fieldId)),
    values: readValues(valueAt(field, 'values')),
  }));

function firstValues(fields: readonly ReadField[]): Record<string, string> {
  const found = new Map<string, string>();
  for (const { code, id, values } of fields) {
    const [value] = values;
    if (value === undefined || code === EMAIL_CODE) continue;
    for (const key of [code, id]) if (key && !found.has(key)) found.set(key, value);
  }
  return Object.fromEntries(found);
}

function readContact(contact: UnknownRecord, contactId: number, shape: ContactShape): ContactSnapshot {
  const fields = readFields(contact, shape);
  return {
    contactId,
    name: toText(valueAt(contact, 'name')) ?? '',
    emails: fields.filter(({ code }) => code === EMAIL_CODE).flatMap(({ values }) => values),
    modifiedAtSeconds: shape.modifiedAt.map((key) => toPositiveInteger(valueAt(contact, key))).find((time) => time !== undefined),
    isDeleted: valueAt(contact, 'is_deleted') === true || valueAt(contact, 'is_unsorted') === true,
    tags: toItems(shape.tags(contact)).flatMap((tag) => toText(valueAt(tag, 'name')) ?? []),
    fields: firstValues(fields),
  };
}

/** A contact of the API's lists and single answers; undefined when it is none. */
export function findApiContact(contact: unknown): ContactSnapshot | undefined {
  const contactId = toPositiveInteger(valueAt(contact, 'id'));
  return isRecord(contact) && contactId !== undefined ? readContact(contact, contactId, apiShape) : undefined;
}

/** A contact of a hook: its full current state, not a difference (reference/kommo.md 5.3). */
export const readHookContact = (contact: UnknownRecord, contactId: number): ContactSnapshot => readContact(contact, contactId, hookShape);
