import { ControlError } from '../control-error.js';
import type { KommoAccount } from '../kommo/account.js';
import { ContactInput, type ContactChange } from '../kommo/contact-input.js';
import type { FieldValue } from '../kommo/contact.js';
import type { FieldDefinition } from '../kommo/fields.js';
import { Input } from './control-request.js';
import type { Person } from './generator.js';

const members = [
  'id',
  'name',
  'first_name',
  'last_name',
  'responsible_user_id',
  'created_by',
  'updated_by',
  'created_at',
  'updated_at',
  'custom_fields_values',
  '_embedded',
  'tags_to_add',
  'tags_to_delete',
  'emails',
  'phones',
  'position',
  'tags',
  'is_unsorted',
  'company_id',
  'hooks',
] as const;

/**
 * Reads a contact of the control API: the members of a write to Kommo's API, and `emails`, `phones`, `position`, `tags`,
 * `is_unsorted`, `company_id`.
 */
export function readContact(account: KommoAccount, value: unknown): ContactChange {
  const input = new Input(value, 'contact').allowOnly(...members);
  const { change, problems } = new ContactInput(account, input.fields);
  if (problems.length > 0) throw new ControlError(problems.map(({ path, detail }) => `${path}: ${detail}`).join('; '));
  addMultitext(account, change, input, { member: 'emails', code: 'EMAIL' });
  addMultitext(account, change, input, { member: 'phones', code: 'PHONE' });
  const position = input.optionalText('position');
  if (position !== undefined) setField(change, fieldOf(account, 'POSITION'), position === '' ? null : [{ value: position, enumId: null }]);
  const tags = input.optionalList('tags');
  if (tags) change.tags = tags.map((name) => account.ensureTag(String(name)));
  const unsorted = input.optionalFlag('is_unsorted');
  if (unsorted !== undefined) change.isUnsorted = unsorted;
  if ('company_id' in input.fields) change.companyId = input.optionalInteger('company_id') ?? null;
  return change;
}

/** Turns a generated person into a contact of this account. */
export function contactOfPerson(account: KommoAccount, person: Person): ContactChange {
  const change: ContactChange = { firstName: person.firstName, lastName: person.lastName };
  const email = fieldOf(account, 'EMAIL');
  const phone = fieldOf(account, 'PHONE');
  if (person.phone !== undefined) setField(change, phone, [{ value: person.phone, enumId: phone.enums[0]?.id ?? null }]);
  if (person.emails.length > 0) {
    setField(
      change,
      email,
      person.emails.map((value, place) => ({ value, enumId: email.enums[place % email.enums.length]?.id ?? null })),
    );
  }
  return change;
}

function addMultitext(account: KommoAccount, change: ContactChange, input: Input, target: { member: string; code: string }): void {
  const items = input.optionalList(target.member);
  if (!items) return;
  const field = fieldOf(account, target.code);
  const values = items.map((item) => (typeof item === 'string' ? kindOf(field, item, 'WORK') : objectValue(field, item)));
  setField(change, field, values.length > 0 ? values : null);
}

function objectValue(field: FieldDefinition, item: unknown): FieldValue {
  const input = new Input(item, 'an item of emails or phones').allowOnly('value', 'enum');
  return kindOf(field, input.text('value'), input.optionalText('enum') ?? 'WORK');
}

function kindOf(field: FieldDefinition, value: string, kind: string): FieldValue {
  const known = field.enums.find((option) => option.value === kind);
  if (!known) throw new ControlError(`enum must be one of ${field.enums.map((option) => option.value).join(', ')}`);
  return { value, enumId: known.id };
}

function setField(change: ContactChange, field: FieldDefinition, values: readonly FieldValue[] | null): void {
  (change.fields ??= new Map()).set(field.id, values);
}

function fieldOf(account: KommoAccount, code: string): FieldDefinition {
  const field = account.dictionary.findByCode(code);
  if (!field) throw new ControlError(`account ${account.id} has no field ${code}`);
  return field;
}
