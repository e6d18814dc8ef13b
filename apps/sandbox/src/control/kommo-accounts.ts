import { randomBytes, randomUUID } from 'node:crypto';
import { ControlError } from '../control-error.js';
import { KommoAccount, type AccountIdentity, type KommoUser } from '../kommo/account.js';
import { FieldDictionary, standardFields, type FieldDefinition, type FieldEnum } from '../kommo/fields.js';
import type { Integration } from '../kommo/registry.js';
import { Input } from './control-request.js';

const domains = ['kommo.com', 'amocrm.ru', 'amocrm.com', 'kommo.test'] as const;
const hookDomains = {
  'kommo.com': 'amocrm.com',
  'amocrm.ru': 'amocrm.ru',
  'amocrm.com': 'amocrm.com',
  'kommo.test': 'kommo.test',
} as const;
const apiHosts = {
  'kommo.com': 'api-c.kommo.com',
  'amocrm.ru': 'api-b.amocrm.ru',
  'amocrm.com': 'api-c.amocrm.com',
  'kommo.test': 'api-c.kommo.test',
} as const;
const firstAccountId = 32_000_001;

/** Reads an integration; missing members get generated values. */
export function readIntegration(input: Input): Integration {
  input.allowOnly('client_id', 'client_secret', 'redirect_uri', 'uninstall_url', 'name');
  return {
    clientId: input.optionalText('client_id') ?? randomUUID(),
    clientSecret: input.optionalText('client_secret') ?? randomBytes(32).toString('hex'),
    redirectUri: url(input.text('redirect_uri'), 'redirect_uri'),
    uninstallUrl: input.optionalText('uninstall_url') ?? null,
    name: input.optionalText('name') ?? 'Sandbox integration',
  };
}

/** An integration as the control API shows it. */
export function integrationView({ clientId, clientSecret, redirectUri, uninstallUrl, name }: Integration): Record<string, unknown> {
  return { client_id: clientId, client_secret: clientSecret, redirect_uri: redirectUri, uninstall_url: uninstallUrl, name };
}

/** Reads an account. Field and enum ids differ between accounts unless the input sets them. */
export function readAccount(input: Input, nowSeconds: number, count: number): KommoAccount {
  const known = [
    'id',
    'subdomain',
    'name',
    'domain',
    'hook_domain',
    'api_domain',
    'language',
    'first_field_id',
    'first_enum_id',
    'email_field_name',
  ];
  input.allowOnly(...known, 'fields', 'users', 'user_id', 'paid', 'filters_enabled', 'webhooks_allowed');
  const id = input.optionalInteger('id') ?? firstAccountId + count;
  const subdomain = (input.optionalText('subdomain') ?? `account${id}`).toLowerCase();
  if (!/^[a-z0-9-]+$/.test(subdomain)) throw new ControlError('subdomain must be letters, digits and dashes');
  const account = new KommoAccount(readIdentity(input, id, nowSeconds), subdomain, new FieldDictionary(readFields(input, count)));
  applyMode(account, input);
  return account;
}

/** Changes the members `paid`, `filters_enabled` and `webhooks_allowed` that the input has. */
export function applyMode(account: KommoAccount, input: Input): void {
  account.mode.paid = input.optionalFlag('paid') ?? account.mode.paid;
  account.mode.filtersEnabled = input.optionalFlag('filters_enabled') ?? account.mode.filtersEnabled;
  account.mode.webhooksAllowed = input.optionalFlag('webhooks_allowed') ?? account.mode.webhooksAllowed;
}

function readIdentity(input: Input, id: number, nowSeconds: number): AccountIdentity {
  const domain = input.choice('domain', domains, 'kommo.com');
  return {
    id,
    name: input.optionalText('name') ?? `Account ${id}`,
    domain,
    hookDomain: input.optionalText('hook_domain') ?? hookDomains[domain],
    apiDomain: input.optionalText('api_domain') ?? apiHosts[domain],
    createdAt: nowSeconds,
    users: readUsers(input, id),
  };
}

function readUsers(input: Input, accountId: number): readonly [KommoUser, ...KommoUser[]] {
  const users = (input.optionalList('users') ?? []).map((item) => {
    const user = new Input(item, 'an item of users').allowOnly('id', 'is_admin', 'contacts_view');
    const id = user.optionalInteger('id');
    if (id === undefined) throw new ControlError('id is required (an item of users)');
    return { id, isAdmin: user.optionalFlag('is_admin') ?? false, contactsView: user.choice('contacts_view', ['A', 'M'] as const, 'A') };
  });
  const [first, ...rest] = users;
  if (first) return [first, ...rest];
  return [{ id: input.optionalInteger('user_id') ?? 10_000_000 + (accountId % 1_000_000), isAdmin: true, contactsView: 'A' }];
}

function readFields(input: Input, count: number): FieldDefinition[] {
  const firstFieldId = input.optionalInteger('first_field_id') ?? 735_647 + count * 1000;
  const layout = {
    firstFieldId,
    firstEnumId: input.optionalInteger('first_enum_id') ?? 718_321 + count * 1000,
    language: input.choice('language', ['en', 'ru'] as const, count % 2 === 0 ? 'en' : 'ru'),
    emailName: input.optionalText('email_field_name'),
  };
  const standard = standardFields(layout);
  const own = (input.optionalList('fields') ?? []).map((item, index) => readField(item, firstFieldId + 100 + index * 2));
  return [...standard, ...own];
}

function readField(item: unknown, id: number): FieldDefinition {
  const field = new Input(item, 'an item of fields').allowOnly('id', 'name', 'code', 'type', 'enums');
  const enums = (field.optionalList('enums') ?? []).map((value, index): FieldEnum => ({ id: id * 10 + index, value: String(value) }));
  return {
    id: field.optionalInteger('id') ?? id,
    name: field.text('name'),
    code: field.optionalText('code') ?? null,
    type: field.optionalText('type') ?? 'text',
    enums,
  };
}

function url(text: string, name: string): string {
  if (!URL.canParse(text)) throw new ControlError(`${name} must be an absolute URL`);
  return text;
}
