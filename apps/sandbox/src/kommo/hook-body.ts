import { httpBuildQuery, type PhpValue } from '../http/php.js';
import type { Switches } from '../switches.js';
import type { KommoAccount } from './account.js';
import type { ContactEvent } from './contact-service.js';
import { unpackFields, type Contact, type FilledField } from './contact.js';

type Block = Record<string, PhpValue | undefined>;

/** Creates the body of one delivery, with its keys in the captured order (reference kommo 5.2-5.4). */
export function hookBody(account: KommoAccount, events: readonly ContactEvent[], switches: Switches): string {
  const contacts: Record<string, PhpValue[]> = {};
  for (const event of events) (contacts[event.action] ??= []).push(entityBlock(account, event, switches));
  const owner = { account: accountBlock(account) };
  return httpBuildQuery(switches.get('kommo.hook_account_last') ? { contacts, ...owner } : { ...owner, contacts });
}

function accountBlock(account: KommoAccount): PhpValue {
  return { subdomain: account.subdomain, id: account.id, _links: { self: `https://${account.subdomain}.${account.identity.hookDomain}` } };
}

function entityBlock(account: KommoAccount, event: ContactEvent, switches: Switches): Block {
  const { contact } = event;
  const type = switches.get('kommo.hook_without_type') ? undefined : contact.type;
  if (event.action === 'delete') return { id: contact.id, type };
  return {
    ...headBlock(contact, switches),
    tags: contact.tags?.map(({ id, name }) => ({ id, name })),
    account_id: account.id,
    custom_fields: fieldBlocks(account, contact),
    old_responsible_user_id: oldResponsible(event, switches),
    created_at: contact.createdAt,
    updated_at: contact.updatedAt,
    type,
  };
}

function headBlock(contact: Contact, switches: Switches): Block {
  return {
    id: contact.id,
    name: contact.name,
    responsible_user_id: contact.responsibleUserId,
    group_id: switches.get('kommo.hook_group_id') ? -1 : undefined,
    date_create: contact.createdAt,
    last_modified: contact.updatedAt,
    created_user_id: contact.createdBy,
    modified_user_id: contact.updatedBy,
    linked_company_id: contact.companyId ?? undefined,
  };
}

function oldResponsible({ action, contact, oldResponsibleUserId }: ContactEvent, switches: Switches): number | undefined {
  if (oldResponsibleUserId !== undefined) return oldResponsibleUserId;
  return action === 'update' && switches.get('kommo.hook_old_responsible_always') ? contact.responsibleUserId : undefined;
}

function fieldBlocks(account: KommoAccount, contact: Contact): PhpValue | undefined {
  const fields = unpackFields(contact.fields);
  return fields.length > 0 ? fields.map((field) => fieldBlock(account, field)) : undefined;
}

function fieldBlock(account: KommoAccount, field: FilledField): Block {
  const definition = account.dictionary.find(field.fieldId);
  return { id: field.fieldId, name: definition?.name, values: valuesBlock(definition?.type, field), code: definition?.code ?? undefined };
}

/** Dates are scalars, and the values of a radio button are an object instead of a list (reference kommo 5.3). */
function valuesBlock(type: string | undefined, { values }: FilledField): PhpValue {
  const blocks = values.map(({ value, enumId }) => ({ value, enum: enumId ?? undefined }));
  if (type === 'date' || type === 'date_time') return values.map(({ value }) => value);
  return type === 'radiobutton' ? (blocks[0] ?? []) : blocks;
}
