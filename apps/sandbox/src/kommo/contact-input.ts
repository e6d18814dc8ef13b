import type { KommoAccount } from './account.js';
import type { EntityType, FieldValue, Tag } from './contact.js';
import type { FieldDefinition } from './fields.js';
import type { FieldProblem } from './problems.js';

/** The changes of one write. `fields` maps a field id to its new values; null clears the field. */
export interface ContactChange {
  id?: number;
  name?: string;
  firstName?: string;
  lastName?: string;
  responsibleUserId?: number;
  createdBy?: number;
  updatedBy?: number;
  createdAt?: number;
  updatedAt?: number;
  isUnsorted?: boolean;
  companyId?: number | null;
  fields?: Map<number, readonly FieldValue[] | null>;
  tags?: readonly Tag[] | null;
  tagsToAdd?: readonly Tag[];
  tagsToDelete?: readonly Tag[];
  type?: EntityType;
}

type Raw = Readonly<Record<string, unknown>>;

const texts = { name: 'name', first_name: 'firstName', last_name: 'lastName' } as const;
const numbers = {
  id: 'id',
  responsible_user_id: 'responsibleUserId',
  created_by: 'createdBy',
  updated_by: 'updatedBy',
  created_at: 'createdAt',
  updated_at: 'updatedAt',
} as const;

/** Reads one entity of a write. `problems` has the form of the API's validation errors. */
export class ContactInput {
  readonly problems: FieldProblem[] = [];
  readonly change: ContactChange = {};

  constructor(
    private readonly account: KommoAccount,
    private readonly raw: Raw,
  ) {
    this.readScalars();
    this.readFields();
    this.readTags();
  }

  private readScalars(): void {
    for (const [key, target] of Object.entries(texts)) {
      const value = this.raw[key];
      if (typeof value === 'string') this.change[target] = value;
      else if (value !== undefined && value !== null) this.wrongType(key, 'string');
    }
    for (const [key, target] of Object.entries(numbers)) {
      const value = this.raw[key];
      if (Number.isSafeInteger(value)) this.change[target] = value as number;
      else if (value !== undefined && value !== null) this.wrongType(key, 'int');
    }
  }

  private readFields(): void {
    const list = this.raw.custom_fields_values;
    if (list === undefined || list === null) return;
    if (!Array.isArray(list)) return this.wrongType('custom_fields_values', 'array');
    const fields = new Map<number, readonly FieldValue[] | null>();
    for (const [index, item] of list.entries()) {
      const path = `custom_fields_values.${index}`;
      const field = this.fieldOf(item);
      if (field) fields.set(field.id, this.valuesOf(field, asRecord(item).values, path));
      else this.problem('NotSupportedChoice', `${path}.field_id`, 'The value you selected is not a valid choice.');
    }
    this.change.fields = fields;
  }

  private fieldOf(item: unknown): FieldDefinition | undefined {
    const { field_id: id, field_code: code } = asRecord(item);
    if (typeof id === 'number') return this.account.dictionary.find(id);
    return typeof code === 'string' ? this.account.dictionary.findByCode(code) : undefined;
  }

  private valuesOf(field: FieldDefinition, values: unknown, path: string): readonly FieldValue[] | null {
    if (values === null) return null;
    if (!Array.isArray(values)) {
      this.wrongType(`${path}.values`, 'array');
      return null;
    }
    return values.flatMap((item: unknown, index) => this.valueOf(field, item, `${path}.values.${index}`));
  }

  private valueOf(field: FieldDefinition, item: unknown, path: string): FieldValue[] {
    const { value, enum_id: enumId, enum_code: enumCode } = asRecord(item);
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      this.wrongType(`${path}.value`, 'string');
      return [];
    }
    const known = field.enums.find(
      ({ id, value: code }) => id === enumId || code === (enumCode ?? (enumId === undefined ? value : undefined)),
    );
    if (!known && (enumId !== undefined || (enumCode !== undefined && enumCode !== null))) {
      this.problem('NotSupportedChoice', `${path}.enum_id`, 'The value you selected is not a valid choice.');
    }
    const stored = typeof value === 'boolean' ? String(value) : value;
    return [{ value: stored, enumId: known?.id ?? defaultEnum(field) }];
  }

  private readTags(): void {
    const embedded = asRecord(this.raw._embedded);
    if ('tags' in embedded) this.change.tags = embedded.tags === null ? null : this.tagsOf(embedded.tags, '_embedded.tags');
    if (this.raw.tags_to_add !== undefined) this.change.tagsToAdd = this.tagsOf(this.raw.tags_to_add, 'tags_to_add');
    if (this.raw.tags_to_delete !== undefined) this.change.tagsToDelete = this.tagsOf(this.raw.tags_to_delete, 'tags_to_delete');
  }

  private tagsOf(list: unknown, path: string): Tag[] {
    if (!Array.isArray(list)) {
      this.wrongType(path, 'array');
      return [];
    }
    return list.flatMap((item: unknown, index) => {
      const { id, name } = asRecord(item);
      const tag = typeof name === 'string' && name !== '' ? this.account.ensureTag(name) : this.account.findTag(Number(id));
      if (!tag) this.problem('NotSupportedChoice', `${path}.${index}.id`, 'The value you selected is not a valid choice.');
      return tag ? [tag] : [];
    });
  }

  private wrongType(path: string, type: string): void {
    this.problem('InvalidType', path, `This value should be of type ${type}.`);
  }

  private problem(code: string, path: string, detail: string): void {
    this.problems.push({ code, path, detail });
  }
}

function defaultEnum(field: FieldDefinition): number | null {
  return field.type === 'multitext' ? (field.enums[0]?.id ?? null) : null;
}

/** The value as an object; anything else becomes `{}`. */
export function asRecord(value: unknown): Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : {};
}
