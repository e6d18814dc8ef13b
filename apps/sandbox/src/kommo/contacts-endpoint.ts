import { parseForm, textOf, itemsOf, type FormTree } from '../http/form.js';
import { noContent, type HttpResponse } from '../http/message.js';
import type { Switches } from '../switches.js';
import type { KommoAccount, KommoUser } from './account.js';
import type { ApiHandler, ApiRequest } from './api-request.js';
import { asRecord, ContactInput } from './contact-input.js';
import type { ContactService } from './contact-service.js';
import { apiUrl, contactView } from './contact-view.js';
import { unpackFields, type Contact, type EntityType } from './contact.js';
import { halResponse, kommoProblem, validationProblem } from './problems.js';

const maxItems = 250;
const heavyBatch = 50;
const folders = { contact: 'contacts', company: 'companies' } as const;

/** Contacts and companies of the v4 API (reference kommo 4.1-4.4). */
export class ContactsEndpoint {
  constructor(
    private readonly contacts: ContactService,
    private readonly switches: Switches,
  ) {}

  /** `GET /api/v4/contacts` */
  list(type: EntityType): ApiHandler {
    return ({ call, account, grant }) => {
      const query = parseForm(call.query);
      const limit = Number(textOf(query, 'limit') ?? this.switches.get('kommo.default_limit'));
      const page = Math.max(1, Number(textOf(query, 'page') ?? 1) || 1);
      if (limit > maxItems) return kommoProblem(422, `Limit ${maxItems} per page`);
      if (!Number.isInteger(limit) || limit < 1) return kommoProblem(400, 'Request validation failed');
      const matching = visibleTo(grant.user, this.select(account, type, query));
      const shown = matching.slice((page - 1) * limit, page * limit);
      if (shown.length === 0) return noContent;
      const pages = { page, hasNext: matching.length > page * limit };
      return halResponse(listView(account, folders[type], shown, { ...pages, query: call.query }));
    };
  }

  /** `GET /api/v4/contacts/:id` */
  single(type: EntityType): ApiHandler {
    return ({ account, grant, params }) => {
      const contact = account.contactsOf(type).get(Number(params.id));
      if (contact && visibleTo(grant.user, [contact]).length === 0) return noContent;
      const hidden = contact?.isDeleted === true && this.switches.get('kommo.trashed_visible') === 'hidden';
      return contact && !hidden ? halResponse(contactView(account, contact)) : noContent;
    };
  }

  /** `POST /api/v4/contacts` */
  create(type: EntityType): ApiHandler {
    return (request) => {
      const batch = this.readBatch(request);
      if ('refusal' in batch) return batch.refusal;
      const made = batch.inputs.map(({ change, requestId }) => {
        const contact = this.contacts.create(request.account, { ...change, type }, this.writeOptions(request));
        return { contact, requestId };
      });
      const views = made.map(({ contact, requestId }) => writtenView(request.account, contact, { request_id: requestId }));
      return writtenResponse(request.account, type, views);
    };
  }

  /** `PATCH /api/v4/contacts` and `/api/v4/contacts/:id` */
  update(type: EntityType): ApiHandler {
    return (request) => {
      const batch = this.readBatch(request);
      if ('refusal' in batch) return batch.refusal;
      const contacts = request.account.contactsOf(type);
      const unknown = batch.inputs.filter(({ change }) => contacts.get(change.id ?? 0)?.isDeleted !== false);
      if (unknown.length > 0) return notFound(unknown.map(({ requestId }) => requestId));
      const refused = batch.inputs.filter(({ change }) => request.account.refusedWrites.has(change.id ?? 0));
      if (refused.length > 0) return refusedWrite(refused.map(({ requestId }) => requestId));
      const views = batch.inputs.map(({ change }) => this.updateOne(request, type, change));
      return writtenResponse(request.account, type, views);
    };
  }

  private updateOne(request: ApiRequest, type: EntityType, change: ContactInput['change']): unknown {
    const before = request.account.contactsOf(type).get(change.id ?? 0);
    if (!before) return {};
    const contact = this.contacts.update(request.account, before, change, this.writeOptions(request));
    return writtenView(request.account, contact, { name: contact.name, updated_at: contact.updatedAt });
  }

  private writeOptions({ grant }: ApiRequest): { userId: number; silent: boolean } {
    return { userId: grant.user.id, silent: !this.switches.get('kommo.hook_after_api_writes') };
  }

  private readBatch(request: ApiRequest): { inputs: { change: ContactInput['change']; requestId: string }[] } | { refusal: HttpResponse } {
    const items = itemsOfBody(request);
    if (items.length === 0) return { refusal: kommoProblem(400, 'Request data can not be empty') };
    if (items.length > maxItems) return { refusal: kommoProblem(422, `Limit ${maxItems} per page`) };
    if (items.length > heavyBatch && this.switches.get('kommo.heavy_batch_504')) return { refusal: kommoProblem(504) };
    const inputs = items.map((item, index) => {
      const raw = asRecord(item);
      const input = new ContactInput(request.account, raw);
      const requestId = typeof raw.request_id === 'string' ? raw.request_id : String(index);
      return { change: input.change, requestId, errors: input.problems };
    });
    const bad = inputs.filter(({ errors }) => errors.length > 0);
    return bad.length > 0 ? { refusal: validationProblem(bad) } : { inputs };
  }

  private select(account: KommoAccount, type: EntityType, query: FormTree): readonly Contact[] {
    if (this.switches.get('kommo.empty_reads')) return [];
    const filter = asTree(query.filter);
    const useFilters = account.mode.filtersEnabled;
    const useIds = useFilters || this.switches.get('kommo.filters_off_keeps_id');
    const ids = useIds ? itemsOf(filter, 'id').map(Number) : [];
    const base = ids.length > 0 ? this.byIds(account, type, ids) : this.all(account, type, query);
    const tests = [...(useFilters ? filterTests(filter) : []), ...searchTests(query)];
    if (!this.switches.get('kommo.unsorted_listed')) tests.push((contact) => !contact.isUnsorted);
    const found = tests.length > 0 ? base.filter((contact) => tests.every((test) => test(contact))) : base;
    return inOrder(found, asTree(query.order));
  }

  private byIds(account: KommoAccount, type: EntityType, ids: readonly number[]): Contact[] {
    const showTrash = this.switches.get('kommo.trashed_visible') !== 'hidden';
    const found = [...new Set(ids)].flatMap((id) => account.contactsOf(type).get(id) ?? []);
    return found.filter(({ isDeleted }) => showTrash || !isDeleted).sort((one, other) => one.id - other.id);
  }

  private all(account: KommoAccount, type: EntityType, query: FormTree): readonly Contact[] {
    const contacts = account.contactsOf(type);
    if (textOf(query, 'with')?.split(',').includes('only_deleted')) return contacts.listAll().filter(({ isDeleted }) => isDeleted);
    return this.switches.get('kommo.trashed_visible') === 'everywhere' ? contacts.listAll() : contacts.list();
  }
}

/** A token shows what its user sees (reference kommo 4.7). */
function visibleTo({ id, contactsView }: KommoUser, contacts: readonly Contact[]): readonly Contact[] {
  return contactsView === 'A' ? contacts : contacts.filter(({ responsibleUserId }) => responsibleUserId === id);
}

type ContactTest = (contact: Contact) => boolean;

function filterTests(filter: FormTree): ContactTest[] {
  const tests: ContactTest[] = [];
  for (const [key, field] of [['updated_at', 'updatedAt'] as const, ['created_at', 'createdAt'] as const]) {
    const from = Number(textOf(asTree(filter[key]), 'from') ?? -Infinity);
    const to = Number(textOf(asTree(filter[key]), 'to') ?? Infinity);
    if (filter[key] !== undefined) tests.push((contact) => contact[field] >= from && contact[field] <= to);
  }
  const names = itemsOf(filter, 'name');
  if (names.length > 0) tests.push(({ name }) => names.includes(name));
  const owners = itemsOf(filter, 'responsible_user_id').map(Number);
  if (owners.length > 0) tests.push(({ responsibleUserId }) => owners.includes(responsibleUserId));
  return tests;
}

function searchTests(query: FormTree): ContactTest[] {
  const words = textOf(query, 'query')?.toLowerCase();
  if (words === undefined || words === '') return [];
  const inFields = (contact: Contact) =>
    unpackFields(contact.fields).some(({ values }) => values.some(({ value }) => String(value).toLowerCase().includes(words)));
  return [(contact) => contact.name.toLowerCase().includes(words) || inFields(contact)];
}

function inOrder(contacts: readonly Contact[], order: FormTree): readonly Contact[] {
  const byUpdate = textOf(order, 'updated_at');
  if (byUpdate !== undefined) {
    const sign = byUpdate === 'desc' ? -1 : 1;
    return [...contacts].sort((one, other) => sign * (one.updatedAt - other.updatedAt || one.id - other.id));
  }
  return textOf(order, 'id') === 'desc' ? [...contacts].reverse() : contacts;
}

function asTree(value: FormTree[string] | undefined): FormTree {
  return typeof value === 'object' ? value : parseForm('');
}

interface PageInfo {
  readonly page: number;
  readonly hasNext: boolean;
  readonly query: string;
}

function listView(account: KommoAccount, folder: string, contacts: readonly Contact[], { page, hasNext, query }: PageInfo): unknown {
  const href = (number: number) => ({ href: `${apiUrl(account, `/${folder}`)}?${queryWithPage(query, number)}` });
  return {
    _page: page,
    _links: { self: href(page), ...(hasNext && { next: href(page + 1) }), ...(page > 1 && { prev: href(page - 1) }) },
    _embedded: { [folder]: contacts.map((contact) => contactView(account, contact)) },
  };
}

function queryWithPage(query: string, page: number): string {
  const parameters = new URLSearchParams(query);
  parameters.set('page', String(page));
  return parameters.toString();
}

function itemsOfBody({ call, params }: ApiRequest): unknown[] {
  const body = parseJson(call.body);
  if (params.id !== undefined) return [{ ...asRecord(body), id: Number(params.id) }];
  return Array.isArray(body) ? (body as unknown[]) : [];
}

/** Parses a JSON body. Undefined when it is invalid. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function refusedWrite(requestIds: readonly string[]): HttpResponse {
  const errors = [{ code: 'NotSupportedChoice', path: 'tags_to_add', detail: 'The contact must not be changed' }];
  return validationProblem(requestIds.map((requestId) => ({ requestId, errors })));
}

function notFound(requestIds: readonly string[]): HttpResponse {
  const errors = [{ code: 'NotFound', path: 'id', detail: 'Contact not found' }];
  return validationProblem(requestIds.map((requestId) => ({ requestId, errors })));
}

function writtenView(account: KommoAccount, contact: Contact, extra: Record<string, unknown>): unknown {
  const { id, isDeleted, isUnsorted, type } = contact;
  return {
    id,
    ...extra,
    is_deleted: isDeleted,
    is_unsorted: isUnsorted,
    _links: { self: { href: apiUrl(account, `/${folders[type]}/${id}`) } },
  };
}

function writtenResponse(account: KommoAccount, type: EntityType, views: readonly unknown[]): HttpResponse {
  return halResponse({ _links: { self: { href: apiUrl(account, `/${folders[type]}`) } }, _embedded: { [folders[type]]: views } });
}
