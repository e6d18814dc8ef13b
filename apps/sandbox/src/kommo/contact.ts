/** Kommo keeps companies in the same form as contacts. */
export type EntityType = 'contact' | 'company';

/** A tag of an account. */
export interface Tag {
  readonly id: number;
  readonly name: string;
}

/** One value of a custom field. */
export interface FieldValue {
  readonly value: string | number;
  readonly enumId: number | null;
}

/** A custom field with its values. */
export interface FilledField {
  readonly fieldId: number;
  readonly values: readonly FieldValue[];
}

/**
 * Field values as flat triples: field id, enum id (0 = none), value. Objects would need too much memory
 * for a million contacts.
 */
export type PackedFields = readonly (string | number)[];

/** A contact or a company. Objects are never changed in place, so a late hook carries the state of its own time. */
export interface Contact {
  readonly id: number;
  readonly type: EntityType;
  readonly name: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly responsibleUserId: number;
  readonly createdBy: number;
  readonly updatedBy: number;
  /** Unix seconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly isDeleted: boolean;
  readonly isUnsorted: boolean;
  readonly fields: PackedFields | null;
  readonly tags: readonly Tag[] | null;
  readonly companyId: number | null;
}

/** Packs field values. Null when there are none. */
export function packFields(fields: readonly FilledField[]): PackedFields | null {
  const packed: (string | number)[] = [];
  for (const { fieldId, values } of fields) {
    for (const { value, enumId } of values) packed.push(fieldId, enumId ?? 0, value);
  }
  // The copy saves memory: an array that grew by push keeps 17 slots.
  return packed.length > 0 ? packed.slice() : null;
}

/** Unpacks field values and groups neighbouring values of one field. */
export function unpackFields(packed: PackedFields | null): FilledField[] {
  const fields: { fieldId: number; values: FieldValue[] }[] = [];
  for (let at = 0; packed && at < packed.length; at += 3) {
    const fieldId = Number(packed[at]);
    const enumId = Number(packed[at + 1]);
    const value = { value: packed[at + 2] ?? '', enumId: enumId === 0 ? null : enumId };
    const last = fields.at(-1);
    if (last?.fieldId === fieldId) last.values.push(value);
    else fields.push({ fieldId, values: [value] });
  }
  return fields;
}
