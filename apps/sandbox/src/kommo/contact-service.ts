import type { Clock } from '#domain';
import type { KommoAccount } from './account.js';
import { packFields, unpackFields, type Contact, type EntityType, type FilledField, type Tag } from './contact.js';
import type { ContactChange } from './contact-input.js';

type HookAction = 'add' | 'update' | 'delete' | 'restore';

/** A change of a contact, for the hooks. */
export interface ContactEvent {
  readonly action: HookAction;
  readonly contact: Contact;
  /** The former responsible user. Set when the user changed. */
  readonly oldResponsibleUserId?: number;
}

/** Receives every change that fires hooks. */
export type ContactListener = (account: KommoAccount, event: ContactEvent) => void;

/** Creates, changes, deletes and restores contacts and companies. `silent` changes fire no hooks. */
export class ContactService {
  constructor(
    private readonly clock: Clock,
    private readonly listener: ContactListener,
  ) {}

  /** Creates a contact or company. */
  create(account: KommoAccount, change: ContactChange, options: { userId: number; silent?: boolean }): Contact {
    const now = this.nowSeconds();
    const type = change.type ?? 'contact';
    const blank = blankContact(change.id ?? account.takeId(), type, options.userId, now);
    account.reserveId(blank.id);
    const contact = { ...applyChange(account, blank, change), updatedAt: change.updatedAt ?? change.createdAt ?? now };
    account.contactsOf(type).put(contact);
    if (!options.silent) this.listener(account, { action: 'add', contact });
    return contact;
  }

  /** Changes a contact or company. */
  update(account: KommoAccount, before: Contact, change: ContactChange, options: { userId: number; silent?: boolean }): Contact {
    const stamped = { ...before, updatedBy: options.userId, updatedAt: this.nowSeconds() };
    const contact = applyChange(account, stamped, change);
    account.contactsOf(contact.type).put(contact);
    if (!options.silent) this.listener(account, updateEvent(before, contact));
    return contact;
  }

  /** Moves a contact or company to the trash. */
  trash(account: KommoAccount, before: Contact, silent = false): void {
    const contact = { ...before, isDeleted: true, updatedAt: this.nowSeconds() };
    account.contactsOf(contact.type).put(contact);
    if (!silent) this.listener(account, { action: 'delete', contact });
  }

  /** Takes a contact or company out of the trash. */
  restore(account: KommoAccount, before: Contact, silent = false): Contact {
    const contact = { ...before, isDeleted: false, updatedAt: this.nowSeconds() };
    account.contactsOf(contact.type).put(contact);
    if (!silent) this.listener(account, { action: 'restore', contact });
    return contact;
  }

  /** The current time in Unix seconds. */
  nowSeconds(): number {
    return Math.floor(this.clock.nowMs() / 1000);
  }
}

function updateEvent(before: Contact, contact: Contact): ContactEvent {
  const moved = before.responsibleUserId !== contact.responsibleUserId;
  return { action: 'update', contact, ...(moved && { oldResponsibleUserId: before.responsibleUserId }) };
}

function blankContact(id: number, type: EntityType, userId: number, now: number): Contact {
  return {
    id,
    type,
    name: '',
    firstName: '',
    lastName: '',
    responsibleUserId: userId,
    createdBy: userId,
    updatedBy: userId,
    createdAt: now,
    updatedAt: now,
    isDeleted: false,
    isUnsorted: false,
    fields: null,
    tags: null,
    companyId: null,
  };
}

function applyChange(account: KommoAccount, before: Contact, change: ContactChange): Contact {
  const firstName = change.firstName ?? before.firstName;
  const lastName = change.lastName ?? before.lastName;
  const renamed = change.firstName !== undefined || change.lastName !== undefined;
  return {
    ...before,
    firstName,
    lastName,
    name: change.name ?? (renamed ? `${firstName} ${lastName}`.trim() : before.name),
    responsibleUserId: change.responsibleUserId ?? before.responsibleUserId,
    createdBy: change.createdBy ?? before.createdBy,
    updatedBy: change.updatedBy ?? before.updatedBy,
    createdAt: change.createdAt ?? before.createdAt,
    updatedAt: change.updatedAt ?? before.updatedAt,
    isUnsorted: change.isUnsorted ?? before.isUnsorted,
    companyId: change.companyId === undefined ? before.companyId : change.companyId,
    fields: change.fields ? mergeFields(account, before, change.fields) : before.fields,
    tags: mergeTags(before.tags, change),
  };
}

function mergeFields(account: KommoAccount, before: Contact, changes: NonNullable<ContactChange['fields']>): Contact['fields'] {
  if (changes.size === 0) return before.fields;
  const kept = unpackFields(before.fields).filter(({ fieldId }) => !changes.has(fieldId));
  const written: FilledField[] = [...changes].map(([fieldId, values]) => ({ fieldId, values: values ?? [] }));
  const place = ({ fieldId }: FilledField) => account.dictionary.placeOf(fieldId);
  return packFields([...kept, ...written].sort((one, other) => place(one) - place(other)));
}

function mergeTags(before: readonly Tag[] | null, change: ContactChange): readonly Tag[] | null {
  const base = change.tags === undefined ? (before ?? []) : (change.tags ?? []);
  if (!change.tagsToAdd && !change.tagsToDelete) return base.length > 0 ? base : null;
  const removed = new Set(change.tagsToDelete?.map(({ id }) => id));
  const byId = new Map([...base, ...(change.tagsToAdd ?? [])].map((tag) => [tag.id, tag]));
  const left = [...byId.values()].filter(({ id }) => !removed.has(id));
  return left.length > 0 ? left : null;
}
