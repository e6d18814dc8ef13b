import { textOf, type FormTree } from '../http/form.js';
import type { Switches } from '../switches.js';
import { isAddress } from './address.js';
import { fieldOf, fieldsOf, joinList, leaveList, setField, unisenderTime, type Contact } from './contact.js';
import type { UnisenderHookSender } from './unisender-hook-sender.js';
import { ContactImport } from './import-contacts.js';
import { nothing, parseWords, type Method, type MethodCall } from './method-call.js';
import { invalidArgument, MethodError } from './responses.js';

/** What the contact methods need. */
export interface ContactPorts {
  readonly switches: Switches;
  readonly hooks: UnisenderHookSender;
}

/** Methods about single contacts (reference unisender 4 and 5). */
export class ContactMethods {
  constructor(private readonly ports: ContactPorts) {}

  /** The methods by name. */
  table(): Record<string, Method> {
    return {
      importContacts: (call) => this.importContacts(call),
      getContact: (call) => this.getContact(call),
      isContactInLists: (call) => isContactInLists(call),
      subscribe: (call) => this.subscribe(call),
      exclude: (call) => this.exclude(call),
      unsubscribe: (call) => this.unsubscribe(call),
      getContactCount: (call) => getContactCount(call),
      getTotalContactsCount: (call) => getTotalContactsCount(call),
      getContactFieldValues: (call) => getContactFieldValues(call),
    };
  }

  private importContacts(call: MethodCall): unknown {
    const run = new ContactImport(call, this.ports.switches);
    const result = run.run();
    if (this.ports.switches.get('unisender.import_fires_hooks')) {
      for (const { email, listIds } of run.joined)
        this.ports.hooks.fire(call.account, 'subscribe', email, { subscribed_list_ids: listIds });
    }
    return result;
  }

  private getContact(call: MethodCall): unknown {
    const email = call.requiredText('email');
    if (!isAddress(email)) throw new MethodError('unspecified', `YE131008-12 ["${email}" is not a valid email address]`);
    const refusal = call.account.refusalOf(email, 'look');
    if (refusal !== undefined) throw new MethodError(refusal, 'SB000000-12 [The call is refused]');
    const contact = call.account.find(email);
    if (!contact) throw new MethodError(this.ports.switches.get('unisender.not_found_code'), 'SB000000-04 [Contact not found]');
    return {
      email: {
        email: contact.email,
        ...(this.ports.switches.get('unisender.added_at') === 'present' && { added_at: unisenderTime(contact.addedAt) }),
        status: contact.status,
        availability: contact.availability,
        ...(call.flag('include_details') && neverMailed),
      },
      ...(call.flag('include_lists') && { lists: listViews(contact) }),
      ...(call.flag('include_fields') && { fields: fieldsOf(contact) }),
    };
  }

  private subscribe(call: MethodCall): unknown {
    const fields: FormTree = typeof call.args.fields === 'object' ? call.args.fields : {};
    const email = textOf(fields, 'email') ?? '';
    if (email === '') throw new MethodError('unspecified', 'YE131008-08 [Email is not specified]');
    if (!isAddress(email)) throw new MethodError('unspecified', `YE131008-12 ["${email}" is not a valid email address]`);
    call.requiredText('list_ids');
    const listIds = call.ids('list_ids');
    const unknown = listIds.find((id) => !call.account.lists.has(id));
    if (unknown !== undefined || listIds.length === 0) throw invalidArgument(`List '${unknown ?? ''}' not found`);
    return this.subscribeTo(call, email, listIds, fields);
  }

  private subscribeTo(call: MethodCall, email: string, listIds: readonly number[], fields: FormTree): unknown {
    const isInvited = !call.flag('double_optin') && call.text('double_optin') !== '3' && call.text('double_optin') !== '4';
    const contact = call.account.find(email) ?? call.account.add(email, isInvited ? 'invited' : 'new', call.nowSeconds);
    const revives = call.text('double_optin') === '3' && this.ports.switches.get('unisender.subscribe_revives');
    if (contact.status === 'unsubscribed' && revives) contact.status = 'new';
    const overwrite = call.text('overwrite') ?? '0';
    if (overwrite === '1') contact.memberships = contact.memberships.filter(({ listId }) => listIds.includes(listId));
    const joined = listIds.filter((id) => joinList(contact, id, call.nowSeconds));
    writeFields(contact, fields, overwrite);
    const tags = parseWords(call.text('tags') ?? '');
    if (tags.length > 0) contact.tags = overwrite === '0' ? [...new Set([...contact.tags, ...tags])] : tags;
    for (const tag of tags) call.account.ensureTag(tag);
    if (joined.length > 0) this.ports.hooks.fire(call.account, 'subscribe', contact.email, { subscribed_list_ids: joined });
    return { person_id: contact.id, ...(isInvited && { invitation_letter_sent: 1 }) };
  }

  private exclude(call: MethodCall): unknown {
    const refusal = call.account.refusalOf(call.requiredText('contact'), 'exclude');
    if (refusal !== undefined) throw new MethodError(refusal, 'SB000000-13 [The call is refused]');
    const { contact, listIds } = memberOf(call);
    for (const id of listIds) leaveList(contact, id);
    return nothing;
  }

  private unsubscribe(call: MethodCall): unknown {
    const { contact, listIds } = memberOf(call);
    for (const membership of contact.memberships) if (listIds.includes(membership.listId)) membership.unsubscribed = true;
    this.ports.hooks.fire(call.account, 'unsubscribe', contact.email, { unsubscribed_list_ids: listIds });
    return nothing;
  }
}

const neverMailed = {
  last_send_datetime: null,
  last_delivery_datetime: null,
  last_read_datetime: null,
  last_click_datetime: null,
  rating: null,
};

/** The lists of a contact as getContact shows them. */
export function listViews(contact: Contact): { id: number; status: string; added_at: string }[] {
  return contact.memberships.map(({ listId, unsubscribed, addedAt }) => ({
    id: listId,
    status: unsubscribed ? 'unsubscribed' : contact.status,
    added_at: unisenderTime(addedAt),
  }));
}

function writeFields(contact: Contact, fields: FormTree, overwrite: string): void {
  if (overwrite === '1') contact.fields = [];
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'email' || name === 'phone' || typeof value !== 'string') continue;
    if (overwrite !== '0' || fieldOf(contact, name) === undefined) setField(contact, name, value);
  }
}

/** The contact and the lists of a call: the given lists, or all lists of the contact. */
function memberOf(call: MethodCall): { contact: Contact; listIds: number[] } {
  if (call.requiredText('contact_type') !== 'email') throw invalidArgument("Argument 'contact_type' must be 'email'");
  const email = call.requiredText('contact');
  const contact = call.account.find(email);
  const inLists = contact?.memberships.map(({ listId }) => listId) ?? [];
  const listIds = call.text('list_ids') === undefined ? inLists : call.ids('list_ids').filter((id) => inLists.includes(id));
  if (!contact || listIds.length === 0) throw new MethodError('unspecified', `Contact "${email}" not found`, { result: '' });
  return { contact, listIds };
}

function isContactInLists(call: MethodCall): boolean {
  const email = call.requiredText('email');
  if (!isAddress(email)) throw new MethodError('unspecified', `YE131008-12 [Invalid address contact "${email}"]`, { result: '' });
  call.requiredText('list_ids');
  const inLists = call.account.find(email)?.memberships.map(({ listId }) => listId) ?? [];
  const wanted = call.ids('list_ids');
  return call.text('condition') === 'and' ? wanted.every((id) => inLists.includes(id)) : wanted.some((id) => inLists.includes(id));
}

function getContactCount(call: MethodCall): unknown {
  const listId = call.requiredId('list_id');
  const { params } = call.args;
  if (typeof params !== 'object') throw invalidArgument("Argument 'params' is required");
  const search = textOf(params, 'search');
  let count = 0;
  for (const contact of call.account.all()) {
    const inside = contact.memberships.some((membership) => membership.listId === listId && !membership.unsubscribed);
    if (inside && (search === undefined || contact.email.includes(search))) count += 1;
  }
  return { listId, searchParams: params, count: String(count) };
}

function getTotalContactsCount(call: MethodCall): unknown {
  if (call.requiredText('login') !== call.account.login)
    throw new MethodError('unspecified', "OB13012016 [Can't find user by provided login]");
  return { total: call.account.size };
}

function getContactFieldValues(call: MethodCall): unknown {
  const contact = call.account.find(call.requiredText('email'));
  if (!contact) throw new MethodError('unspecified', 'SB000000-04 [Contact not found]');
  call.requiredText('field_ids');
  const wanted = call.account.fields.filter(({ id }) => call.ids('field_ids').includes(id));
  return { fieldValues: Object.fromEntries(wanted.map(({ id, name }) => [String(id), fieldOf(contact, name) ?? ''])) };
}
