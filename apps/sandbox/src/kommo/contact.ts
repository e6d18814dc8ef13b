export type EntityType = 'contact' | 'company';

export interface Tag {
  readonly id: number;
  readonly name: string;
}

export interface FieldValue {
  readonly value: string | number;
  readonly enumId: number | null;
}

export interface FilledField {
  readonly fieldId: number;
  readonly values: readonly FieldValue[];
}

/**
 * Field values as flat triples: field id, enum id (0 = none), value. A million contacts are held in memory,
 * so they are not objects.
 */
export type PackedFields = readonly (string | number)[];

/** A contact or a company. Never changed in place: a hook that is late still carries the state of its own moment. */
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

export function packFields(fields: readonly FilledField[]): PackedFields | null {
  const packed: (string | number)[] = [];
  for (const { fieldId, values } of fields) {
    for (const { value, enumId } of values) packed.push(fieldId, enumId ?? 0, value);
  }
  // A copy has no spare room; an array grown by push keeps 17 slots.
  return packed.length > 0 ? packed.slice() : null;
}

/** Groups neighbouring triples of one field. */
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
