import type { Switches } from '../switches.js';
import type { Contact, ContactStatus } from './contact.js';

/** A webhook made with setHook (reference unisender 8.2). Its URL is its identity. */
export interface UnisenderHook {
  readonly hookUrl: string;
  readonly events: ReadonlyMap<string, string>;
  readonly singleEvent: boolean;
  readonly maxParallel: number;
  status: 'active' | 'stopped';
}

/** A mailing list. */
export interface MailingList {
  readonly id: number;
  title: string;
}

/** Where Unisender refuses an address: as a row, with the whole call, in exclude, in getContact, or as a row without a log. */
export const refusalPlaces = ['row', 'call', 'exclude', 'look', 'silent'] as const;

/** Refuses an address in one place. */
export interface Refusal {
  readonly place: (typeof refusalPlaces)[number];
  readonly code: string;
}

/** A custom field. */
export interface UserField {
  readonly id: number;
  name: string;
  publicName: string;
  readonly type: string;
}

/** A Unisender account. Its API key identifies it. */
export class UnisenderAccount {
  readonly lists = new Map<number, MailingList>();
  readonly fields: UserField[] = [{ id: 21575, name: 'Name', publicName: 'Имя', type: 'string' }];
  readonly tags = new Map<string, number>();
  readonly hooks: UnisenderHook[] = [];
  /** Ordered refusals of addresses. */
  readonly refusals = new Map<string, Refusal>();
  /** False: every method fails with access_denied. */
  apiEnabled = true;
  private readonly contacts = new Map<string, Contact>();
  /** The last status of each deleted address. Adding the address again restores it (reference unisender 4.3). */
  private readonly deletedStatuses = new Map<string, ContactStatus>();
  private lastListId = 20_502_075;
  private lastFieldId = 1_092_207;
  private lastPersonId = 0;

  constructor(
    /** The present key. */
    public apiKey: string,
    readonly login: string,
    private readonly switches: Switches,
  ) {}

  /** The contact with this address. */
  find(email: string): Contact | undefined {
    return this.contacts.get(this.keyOf(email));
  }

  /** All contacts. */
  all(): Iterable<Contact> {
    return this.contacts.values();
  }

  get size(): number {
    return this.contacts.size;
  }

  /** Adds a new address. An address that was deleted before gets its last status back. */
  add(email: string, status: ContactStatus, nowSeconds: number): Contact {
    const key = this.keyOf(email);
    const formerStatus = this.switches.get('unisender.restore_status') ? this.deletedStatuses.get(key) : undefined;
    const contact: Contact = {
      id: ++this.lastPersonId,
      email: key,
      addedAt: nowSeconds,
      status: formerStatus ?? status,
      availability: 'available',
      memberships: [],
      fields: [],
      tags: [],
    };
    this.deletedStatuses.delete(key);
    this.contacts.set(key, contact);
    return contact;
  }

  /** Deletes a contact and keeps its status. */
  remove(contact: Contact): void {
    this.deletedStatuses.set(contact.email, contact.status);
    this.contacts.delete(contact.email);
  }

  /** The code with which this place refuses the address. */
  refusalOf(email: string, place: Refusal['place']): string | undefined {
    const refusal = this.refusals.get(this.keyOf(email));
    return refusal?.place === place ? refusal.code : undefined;
  }

  /** Creates a list. */
  createList(title: string, id = this.lastListId + 1): MailingList {
    const list = { id, title };
    this.lastListId = Math.max(this.lastListId, id);
    this.lists.set(id, list);
    return list;
  }

  /** Deletes a list; its contacts stay. */
  deleteList(id: number): void {
    this.lists.delete(id);
    for (const contact of this.contacts.values()) contact.memberships = contact.memberships.filter(({ listId }) => listId !== id);
  }

  /** Creates a field. */
  createField(name: string, type: string, publicName: string): UserField {
    const field = { id: ++this.lastFieldId, name, publicName, type };
    this.fields.push(field);
    return field;
  }

  /** Creates a tag unless it exists. */
  ensureTag(name: string): void {
    if (!this.tags.has(name)) this.tags.set(name, this.tags.size + 123);
  }

  private keyOf(email: string): string {
    return this.switches.get('unisender.fold_case') ? email.toLowerCase() : email;
  }
}
