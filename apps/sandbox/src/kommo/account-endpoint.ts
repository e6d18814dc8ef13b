import { createHash } from 'node:crypto';
import { parseForm, textOf } from '../http/form.js';
import { type HttpResponse, type IncomingCall, noContent } from '../http/message.js';
import type { KommoAccount } from './account.js';
import type { ApiHandler } from './api-request.js';
import { apiUrl } from './contact-view.js';
import type { FieldDefinition } from './fields.js';
import { halResponse } from './problems.js';

const fieldsPerPage = 50;

/** `GET /api/v4/account` (reference kommo 1.9). */
export const showAccount: ApiHandler = ({ call, account, grant }) => {
  const wanted = new Set(textOf(parseForm(call.query), 'with')?.split(',') ?? []);
  const { identity } = account;
  const russian = identity.domain === 'amocrm.ru';
  return halResponse({
    id: account.id,
    name: identity.name,
    subdomain: account.subdomain,
    language: russian ? 'ru' : 'en',
    created_at: identity.createdAt,
    created_by: 0,
    updated_at: identity.createdAt,
    updated_by: 0,
    current_user_id: grant.user.id,
    country: russian ? 'RU' : 'US',
    currency: russian ? 'RUB' : 'USD',
    currency_symbol: russian ? '₽' : '$',
    customers_mode: 'disabled',
    is_unsorted_on: true,
    mobile_feature_version: 0,
    is_loss_reason_enabled: true,
    is_helpbot_enabled: false,
    is_technical_account: false,
    contact_name_display_order: 1,
    ...optionalParts(account, wanted),
    _links: { self: { href: apiUrl(account, '/account') } },
    ...(wanted.has('datetime_settings') && { _embedded: { datetime_settings: datetimeSettings } }),
  });
};

const datetimeSettings = {
  date_pattern: 'd.m.Y H:i',
  short_date_pattern: 'd.m.Y',
  short_time_pattern: 'H:i',
  date_format: 'd.m.Y',
  time_format: 'H:i:s',
  timezone: 'Europe/Moscow',
  timezone_offset: '+03:00',
};

function optionalParts({ id, identity, mode }: KommoAccount, wanted: ReadonlySet<string>): Record<string, unknown> {
  return {
    ...(wanted.has('amojo_id') && { amojo_id: stableUuid(`amojo ${id}`) }),
    ...(wanted.has('uuid') && { uuid: stableUuid(`account ${id}`) }),
    ...(wanted.has('version') && { version: 16 }),
    ...(wanted.has('drive_url') && { drive_url: `https://drive-c.${identity.domain}` }),
    ...(wanted.has('is_api_filter_enabled') && { is_api_filter_enabled: mode.filtersEnabled }),
  };
}

function stableUuid(text: string): string {
  const hex = createHash('md5').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20)].join('-');
}

/** `GET /api/v4/contacts/custom_fields`: the fields of contacts with their codes and enums. */
export const listCustomFields: ApiHandler = ({ call, account }) => {
  const views = account.dictionary.fields.map((field, index) => fieldView(account, field, index));
  return listPage({ call, account, path: '/contacts/custom_fields', name: 'custom_fields' }, views);
};

/** `GET /api/v4/contacts/tags`: the tags of contacts. */
export const listTags: ApiHandler = ({ call, account }) =>
  listPage({ call, account, path: '/contacts/tags', name: 'tags' }, account.listTags());

/** `GET /api/v4/users`: the users of the account (reference kommo 4.7). */
export const listUsers: ApiHandler = ({ call, account }) => {
  const views = account.identity.users.map(({ id }) => ({ id, name: `User ${id}`, email: `user${id}@example.org`, lang: 'en' }));
  return listPage({ call, account, path: '/users', name: 'users' }, views);
};

interface Listing {
  readonly call: IncomingCall;
  readonly account: KommoAccount;
  readonly path: string;
  /** The name of the list in `_embedded`. */
  readonly name: string;
}

/** One page of a short list. */
function listPage({ call, account, path, name }: Listing, items: readonly unknown[]): HttpResponse {
  const query = parseForm(call.query);
  const page = Number(textOf(query, 'page') ?? 1);
  const limit = Number(textOf(query, 'limit') ?? fieldsPerPage);
  const shown = items.slice((page - 1) * limit, page * limit);
  if (shown.length === 0) return noContent;
  const href = `${apiUrl(account, path)}?limit=${limit}&page=`;
  const hasNext = items.length > page * limit;
  return halResponse({
    _total_items: items.length,
    _page: page,
    _page_count: Math.ceil(items.length / limit),
    _links: { self: { href: `${href}${page}` }, ...(hasNext && { next: { href: `${href}${page + 1}` } }) },
    _embedded: { [name]: shown },
  });
}

function fieldView(account: KommoAccount, field: FieldDefinition, index: number): unknown {
  return {
    id: field.id,
    name: field.name,
    type: field.type,
    account_id: account.id,
    code: field.code,
    sort: 500 + index,
    is_api_only: false,
    enums: field.enums.length > 0 ? field.enums.map((item, sort) => ({ ...item, sort })) : null,
    group_id: null,
    required_statuses: [],
    is_deletable: field.code === null,
    is_predefined: field.code !== null,
    entity_type: 'contacts',
    _links: { self: { href: apiUrl(account, `/contacts/custom_fields/${field.id}`) } },
  };
}
