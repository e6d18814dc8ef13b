import type { KommoAccount } from './account.js';
import { unpackFields, type Contact, type FilledField } from './contact.js';

const folders = { contact: 'contacts', company: 'companies' } as const;

/** The URL of an API path of this account. */
export function apiUrl(account: KommoAccount, path: string): string {
  return `https://${account.host}/api/v4${path}`;
}

/** One contact or company as the API shows it (reference kommo 4.1). */
export function contactView(account: KommoAccount, contact: Contact): Record<string, unknown> {
  const person = contact.type === 'contact';
  return {
    id: contact.id,
    name: contact.name,
    ...(person && { first_name: contact.firstName, last_name: contact.lastName }),
    responsible_user_id: contact.responsibleUserId,
    group_id: 0,
    created_by: contact.createdBy,
    updated_by: contact.updatedBy,
    created_at: contact.createdAt,
    updated_at: contact.updatedAt,
    closest_task_at: null,
    is_deleted: contact.isDeleted,
    ...(person && { is_unsorted: contact.isUnsorted }),
    custom_fields_values: fieldViews(account, contact),
    account_id: account.id,
    _links: { self: { href: apiUrl(account, `/${folders[contact.type]}/${contact.id}`) } },
    _embedded: {
      tags: (contact.tags ?? []).map((tag) => ({ ...tag, color: null })),
      ...(person && { companies: companyViews(account, contact) }),
    },
  };
}

function companyViews(account: KommoAccount, { companyId }: Contact): unknown[] {
  if (companyId === null) return [];
  return [{ id: companyId, _links: { self: { href: apiUrl(account, `/companies/${companyId}`) } } }];
}

function fieldViews(account: KommoAccount, contact: Contact): unknown[] | null {
  if (!contact.fields) return null;
  return unpackFields(contact.fields).map((field) => fieldView(account, field));
}

function fieldView(account: KommoAccount, { fieldId, values }: FilledField): unknown {
  const definition = account.dictionary.find(fieldId);
  return {
    field_id: fieldId,
    field_name: definition?.name ?? '',
    field_code: definition?.code ?? null,
    field_type: definition?.type ?? 'text',
    values: values.map(({ value, enumId }) => ({
      value,
      ...(enumId !== null && { enum_id: enumId, enum_code: enumCodeOf(account, fieldId, enumId) }),
    })),
  };
}

function enumCodeOf(account: KommoAccount, fieldId: number, enumId: number): string | null {
  const definition = account.dictionary.find(fieldId);
  if (definition?.type !== 'multitext') return null;
  return definition.enums.find(({ id }) => id === enumId)?.value ?? null;
}
