import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { ControlError } from '../control-error.js';
import { jsonResponse, type HttpResponse } from '../http/message.js';
import type { Router } from '../http/router.js';
import { seededRandom } from '../random.js';
import { type MailingList, refusalPlaces, type UnisenderAccount } from '../unisender/account.js';
import {
  contactStatuses,
  fieldsOf,
  joinList,
  leaveList,
  membershipOf,
  setField,
  unisenderTime,
  type Contact,
  type ContactStatus,
} from '../unisender/contact.js';
import { listViews } from '../unisender/contact-methods.js';
import { hookView } from '../unisender/hook-methods.js';
import type { UnisenderDelivery } from '../unisender/unisender-hook-sender.js';
import type { UnisenderEmulator } from '../unisender/unisender-emulator.js';
import { Input, type ControlHandler, type ControlRequest } from './control-request.js';
import { generatePerson } from './generator.js';

const contactsPerChunk = 1000;

/** `/sandbox/unisender/…`: actions of people in Unisender, and the state after our calls. */
export class UnisenderControl {
  constructor(
    private readonly unisender: UnisenderEmulator,
    private readonly nowSeconds: () => number,
  ) {}

  /** Adds the routes. */
  register(router: Router<ControlHandler>): void {
    const account = '/sandbox/unisender/accounts/:key';
    router
      .add('POST', '/sandbox/unisender/accounts', (request) => this.createAccount(request))
      .add('GET', '/sandbox/unisender/accounts', () => jsonResponse([...this.unisender.accounts.values()].map(accountView)))
      .add('GET', account, (request) => jsonResponse(accountView(this.accountOf(request))))
      .add('PATCH', account, (request) => this.changeAccount(request))
      .add('GET', `${account}/lists`, (request) => jsonResponse([...this.accountOf(request).lists.values()]))
      .add('POST', `${account}/lists`, (request) => this.createList(request))
      .add('PATCH', `${account}/lists/:list`, (request) => this.renameList(request))
      .add('DELETE', `${account}/lists/:list`, (request) => this.deleteList(request))
      .add('POST', `${account}/key`, (request) => this.changeKey(request))
      .add('POST', `${account}/refusals`, (request) => this.addRefusal(request))
      .add('DELETE', `${account}/refusals`, (request) => this.clearRefusals(request))
      .add('POST', `${account}/exclude`, (request) => this.exclude(request))
      .add('GET', `${account}/contacts`, (request) => this.listContacts(request))
      .add('POST', `${account}/contacts`, (request) => this.addContacts(request))
      .add('DELETE', `${account}/contacts`, (request) => this.removeContact(request))
      .add('POST', `${account}/unsubscribe`, (request) => this.unsubscribe(request))
      .add('POST', `${account}/subscribe`, (request) => this.subscribe(request))
      .add('POST', `${account}/status`, (request) => this.changeStatus(request))
      .add('GET', '/sandbox/unisender/hooks', () => jsonResponse(this.unisender.hooks.deliveries.map(deliveryView)))
      .add('POST', '/sandbox/unisender/hooks/flush', () => this.flushHooks())
      .add('POST', '/sandbox/unisender/hooks/drop', () => jsonResponse({ dropped: this.unisender.hooks.drop() }));
  }

  private accountOf(request: ControlRequest): UnisenderAccount {
    const account = this.unisender.accounts.get(request.param('key'));
    if (!account) throw new ControlError(`unknown Unisender key ${request.param('key')}`, 404);
    return account;
  }

  private createAccount(request: ControlRequest): HttpResponse {
    const input = request.input().allowOnly('api_key', 'login', 'lists');
    const apiKey = input.optionalText('api_key') ?? randomBytes(20).toString('hex');
    if (this.unisender.accounts.has(apiKey)) throw new ControlError('api_key is taken', 409);
    const account = this.unisender.createAccount(
      apiKey,
      input.optionalText('login') ?? `user${this.unisender.accounts.size + 1}@example.org`,
    );
    for (const title of input.optionalList('lists') ?? []) account.createList(String(title));
    return jsonResponse(accountView(account), 201);
  }

  private changeAccount(request: ControlRequest): HttpResponse {
    const account = this.accountOf(request);
    account.apiEnabled = request.input().allowOnly('api_enabled').optionalFlag('api_enabled') ?? account.apiEnabled;
    return jsonResponse(accountView(account));
  }

  private createList(request: ControlRequest): HttpResponse {
    const input = request.input().allowOnly('title', 'id');
    return jsonResponse(this.accountOf(request).createList(input.text('title'), input.optionalInteger('id')), 201);
  }

  private renameList(request: ControlRequest): HttpResponse {
    const list = this.listOf(request);
    list.title = request.input().allowOnly('title').text('title');
    return jsonResponse(list);
  }

  private deleteList(request: ControlRequest): HttpResponse {
    const { id } = this.listOf(request);
    this.accountOf(request).deleteList(id);
    return jsonResponse({ deleted: id });
  }

  private listOf(request: ControlRequest): MailingList {
    const list = this.accountOf(request).lists.get(Number(request.param('list')));
    if (!list) throw new ControlError(`unknown list ${request.param('list')}`, 404);
    return list;
  }

  /** The owner makes a new key: it opens the same account, and the old one is refused. */
  private changeKey(request: ControlRequest): HttpResponse {
    const input = request.input().allowOnly('api_key', 'keep_old');
    const account = this.accountOf(request);
    const apiKey = input.text('api_key');
    if (this.unisender.accounts.has(apiKey)) throw new ControlError('api_key is taken', 409);
    if (input.optionalFlag('keep_old') !== true) this.unisender.accounts.delete(request.param('key'));
    this.unisender.accounts.set(apiKey, account);
    account.apiKey = apiKey;
    return jsonResponse({ api_key: apiKey });
  }

  private addRefusal(request: ControlRequest): HttpResponse {
    const input = request.input().allowOnly('email', 'place', 'code');
    const refusal = { place: input.choice('place', refusalPlaces, 'row'), code: input.optionalText('code') ?? 'unspecified' };
    this.accountOf(request).refusals.set(input.text('email').toLowerCase(), refusal);
    return jsonResponse(refusal, 201);
  }

  private clearRefusals(request: ControlRequest): HttpResponse {
    this.accountOf(request).refusals.clear();
    return jsonResponse({ cleared: true });
  }

  /** The owner takes a contact off lists. */
  private exclude(request: ControlRequest): HttpResponse {
    const input = request.input().allowOnly('email', 'list_ids');
    const contact = this.contactOf(request, input.text('email'));
    for (const id of knownLists(this.accountOf(request), input, 'list_ids')) leaveList(contact, id);
    return jsonResponse(contactView(contact));
  }

  private listContacts(request: ControlRequest): HttpResponse {
    const account = this.accountOf(request);
    const email = request.query.get('email');
    if (email !== null) return jsonResponse([account.find(email)].flatMap((contact) => (contact ? [contactView(contact)] : [])));
    const body = Readable.from(jsonChunks(account.all(), request.queryNumber('list_id')));
    return { status: 200, headers: { 'content-type': 'application/json; charset=utf-8' }, body };
  }

  private addContacts(request: ControlRequest): HttpResponse {
    const account = this.accountOf(request);
    const body = request.json();
    if (!Array.isArray(body) && 'count' in new Input(body).fields) return this.generate(account, new Input(body));
    const items: unknown[] = Array.isArray(body) ? body : [body];
    const contacts = items.map((item) => this.addContact(account, new Input(item, 'contact')));
    return jsonResponse(contacts.map(contactView), 201);
  }

  private generate(account: UnisenderAccount, input: Input): HttpResponse {
    input.allowOnly('count', 'seed', 'tag', 'lists');
    const random = seededRandom(input.optionalInteger('seed') ?? 1);
    const listIds = knownLists(account, input, 'lists');
    const count = input.optionalInteger('count') ?? 0;
    for (let index = 0; index < count; index += 1) {
      const person = generatePerson(random, index, input.optionalText('tag') ?? 'old');
      const contact = account.add(`old${index}.${input.optionalText('tag') ?? 'old'}@example.com`, 'active', this.nowSeconds());
      setField(contact, 'Name', `${person.firstName} ${person.lastName}`);
      for (const id of listIds) joinList(contact, id, this.nowSeconds());
    }
    return jsonResponse({ count }, 201);
  }

  private addContact(account: UnisenderAccount, input: Input): Contact {
    input.allowOnly('email', 'status', 'lists', 'unsubscribed_lists', 'fields', 'tags');
    const status = input.choice('status', contactStatuses, 'active');
    const contact = account.find(input.text('email')) ?? account.add(input.text('email'), status, this.nowSeconds());
    contact.status = status;
    for (const id of knownLists(account, input, 'lists')) joinList(contact, id, this.nowSeconds());
    for (const id of knownLists(account, input, 'unsubscribed_lists')) this.leave(contact, id);
    for (const [name, value] of Object.entries(new Input(input.fields.fields ?? {}, 'fields').fields))
      setField(contact, name, String(value));
    contact.tags = (input.optionalList('tags') ?? contact.tags).map(String);
    return contact;
  }

  private leave(contact: Contact, listId: number): void {
    joinList(contact, listId, this.nowSeconds());
    const membership = membershipOf(contact, listId);
    if (membership) membership.unsubscribed = true;
  }

  private removeContact(request: ControlRequest): HttpResponse {
    const contact = this.contactOf(request, request.query.get('email') ?? '');
    this.accountOf(request).remove(contact);
    return jsonResponse({ deleted: contact.email });
  }

  /** The recipient unsubscribes: from the given lists only, or from everything. */
  private unsubscribe(request: ControlRequest): HttpResponse {
    const input = request.input().allowOnly('email', 'list_ids');
    const contact = this.contactOf(request, input.text('email'));
    const only = input.optionalList('list_ids')?.map(Number);
    const left = contact.memberships.filter(({ listId }) => only?.includes(listId) ?? true);
    for (const membership of left) membership.unsubscribed = true;
    if (!only) contact.status = 'unsubscribed';
    this.unisender.hooks.fire(this.accountOf(request), 'unsubscribe', contact.email, {
      unsubscribed_list_ids: left.map(({ listId }) => listId),
    });
    return jsonResponse(contactView(contact));
  }

  private subscribe(request: ControlRequest): HttpResponse {
    const input = request.input().allowOnly('email', 'list_ids');
    const account = this.accountOf(request);
    const contact = account.find(input.text('email')) ?? account.add(input.text('email'), 'active', this.nowSeconds());
    const listIds = knownLists(account, input, 'list_ids');
    contact.status = 'active';
    contact.memberships = contact.memberships.filter(({ listId }) => !listIds.includes(listId));
    for (const id of listIds) joinList(contact, id, this.nowSeconds());
    this.unisender.hooks.fire(account, 'subscribe', contact.email, { subscribed_list_ids: listIds });
    return jsonResponse(contactView(contact));
  }

  /** Sets any status, as after a complaint, and fires `email_status`. */
  private changeStatus(request: ControlRequest): HttpResponse {
    const input = request.input().allowOnly('email', 'status');
    const contact = this.contactOf(request, input.text('email'));
    contact.status = input.choice<ContactStatus>('status', contactStatuses, contact.status);
    this.unisender.hooks.fire(this.accountOf(request), 'email_status', contact.email, { status: contact.status });
    return jsonResponse(contactView(contact));
  }

  private contactOf(request: ControlRequest, email: string): Contact {
    const contact = this.accountOf(request).find(email);
    if (!contact) throw new ControlError(`unknown contact ${email}`, 404);
    return contact;
  }

  private async flushHooks(): Promise<HttpResponse> {
    const sent = await this.unisender.hooks.flush();
    const delivered = sent.filter(({ state }) => state === 'delivered').length;
    return jsonResponse({ sent: sent.length, delivered, failed: sent.length - delivered });
  }
}

function knownLists(account: UnisenderAccount, input: Input, name: string): number[] {
  const ids = (input.optionalList(name) ?? []).map(Number);
  const unknown = ids.find((id) => !account.lists.has(id));
  if (unknown !== undefined) throw new ControlError(`unknown list ${unknown}`, 404);
  return ids;
}

function accountView(account: UnisenderAccount): Record<string, unknown> {
  const statuses: Record<string, number> = {};
  for (const { status } of account.all()) statuses[status] = (statuses[status] ?? 0) + 1;
  return {
    api_key: account.apiKey,
    login: account.login,
    api_enabled: account.apiEnabled,
    contacts: account.size,
    statuses,
    lists: [...account.lists.values()],
    hooks: account.hooks.map(hookView),
  };
}

function contactView(contact: Contact): Record<string, unknown> {
  const { id, email, status, availability, tags, addedAt } = contact;
  return { id, email, status, availability, tags, added_at: unisenderTime(addedAt), lists: listViews(contact), fields: fieldsOf(contact) };
}

function* jsonChunks(contacts: Iterable<Contact>, listId: number | undefined): Generator<string> {
  let chunk: string[] = [];
  let separator = '[';
  for (const contact of contacts) {
    if (listId !== undefined && !membershipOf(contact, listId)) continue;
    chunk.push(JSON.stringify(contactView(contact)));
    if (chunk.length < contactsPerChunk) continue;
    yield separator + chunk.join(',');
    separator = ',';
    chunk = [];
  }
  if (chunk.length > 0) yield separator + chunk.join(',');
  yield separator === '[' && chunk.length === 0 ? '[]' : ']';
}

function deliveryView({ account, hook, event, state, attempts }: UnisenderDelivery): Record<string, unknown> {
  const tries = attempts.map(({ atMs, status }) => ({ at_ms: atMs, status }));
  return { login: account.login, hook_url: hook.hookUrl, event: event.name, email: event.email, state, attempts: tries };
}
