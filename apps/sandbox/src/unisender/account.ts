import type { Switches } from '../switches.js';
import type { Contact, ContactStatus } from './contact.js';
import type { UnisenderHook } from './hook.js';

export interface MailingList {
  readonly id: number;
  title: string;
}

export interface UserField {
  readonly id: number;
  name: string;
  publicName: string;
  readonly type: string;
}

/** One Unisender account, known by its API key. */
export class UnisenderAccount {
  readonly lists = new Map<number, MailingList>();
  readonly fields: UserField[] = [{ id: 21575, name: 'Name', publicName: 'Имя', type: 'string' }];
  readonly tags = new Map<string, number>();
  readonly hooks: UnisenderHook[] = [];
  /** False: every method answers access_denied. */
  apiEnabled = true;
  private readonly contacts = new Map<string, Contact>();
  /** Statuses of deleted addresses: adding one again restores it (reference unisender 4.3). */
  private readonly tombstones = new Map<string, ContactStatus>();
  private lastListId = 20_502_075;
  private lastFieldId = 1_092_207;
  private lastPersonId = 0;

  constructor(
    readonly apiKey: string,
    readonly login: string,
    private readonly switches: Switches,
  ) {}

  find(email: string): Contact | undefined {
    return this.contacts.get(this.keyOf(email));
  }

  all(): Iterable<Contact> {
    return this.contacts.values();
  }

  get size(): number {
    return this.contacts.size;
  }

  /** Adds an address nobody has; a tombstone decides its status. */
  add(email: string, status: ContactStatus, nowSeconds: number): Contact {
    const key = this.keyOf(email);
    const buried = this.switches.get('unisender.restore_status') ? this.tombstones.get(key) : undefined;
    const contact: Contact = {
      id: ++this.lastPersonId,
      email: key,
      addedAt: nowSeconds,
      status: buried ?? status,
      availability: 'available',
      memberships: [],
      fields: [],
      tags: [],
    };
    this.tombstones.delete(key);
    this.contacts.set(key, contact);
    return contact;
  }

  remove(contact: Contact): void {
    this.tombstones.set(contact.email, contact.status);
    this.contacts.delete(contact.email);
  }

  createList(title: string, id = this.lastListId + 1): MailingList {
    const list = { id, title };
    this.lastListId = Math.max(this.lastListId, id);
    this.lists.set(id, list);
    return list;
  }

  deleteList(id: number): void {
    this.lists.delete(id);
    for (const contact of this.contacts.values()) contact.memberships = contact.memberships.filter(({ listId }) => listId !== id);
  }

  createField(name: string, type: string, publicName: string): UserField {
    const field = { id: ++this.lastFieldId, name, publicName, type };
    this.fields.push(field);
    return field;
  }

  ensureTag(name: string): void {
    if (!this.tags.has(name)) this.tags.set(name, this.tags.size + 123);
  }

  private keyOf(email: string): string {
    return this.switches.get('unisender.fold_case') ? email.toLowerCase() : email;
  }
}
