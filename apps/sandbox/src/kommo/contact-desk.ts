import type { Clock } from '#domain';
import type { KommoAccount } from './account.js';
import { packFields, unpackFields, type Contact, type EntityType, type FilledField, type Tag } from './contact.js';
import type { ContactChange } from './contact-input.js';

type HookAction = 'add' | 'update' | 'delete' | 'restore';

/** Something that happened to a contact, as the hooks will tell it. */
export interface ContactEvent {
  readonly action: HookAction;
  readonly contact: Contact;
  /** Set when the owner changed: who it was before. */
  readonly oldResponsibleUserId?: number;
}

export type ContactListener = (account: KommoAccount, event: ContactEvent) => void;

/** Every change of a contact goes through here, whoever made it. */
export class ContactDesk {
  constructor(
    private readonly clock: Clock,
    private readonly listener: ContactListener,
  ) {}

  create(account: KommoAccount, change: ContactChange, options: { userId: number; silent?: boolean }): Contact {
    const now = this.nowSeconds();
    const type = change.type ?? 'contact';
    const blank = blankContact(change.id ?? account.takeId(), type, options.userId, now);
    account.reserveId(blank.id);
    const contact = { ...applied(account, blank, change), updatedAt: change.updatedAt ?? change.createdAt ?? now };
    account.bookOf(type).put(contact);
    if (!options.silent) this.listener(account, { action: 'add', contact });
    return contact;
  }

  update(account: KommoAccount, before: Contact, change: ContactChange, options: { userId: number; silent?: boolean }): Contact {
    const stamped = { ...before, updatedBy: options.userId, updatedAt: this.nowSeconds() };
    const contact = applied(account, stamped, change);
    account.bookOf(contact.type).put(contact);
    if (!options.silent) this.listener(account, updateEvent(before, contact));
    return contact;
  }

  trash(account: KommoAccount, before: Contact, silent = false): void {
    const contact = { ...before, isDeleted: true, updatedAt: this.nowSeconds() };
    account.bookOf(contact.type).put(contact);
    if (!silent) this.listener(account, { action: 'delete', contact });
  }

  restore(account: KommoAccount, before: Contact, silent = false): Contact {
    const contact = { ...before, isDeleted: false, updatedAt: this.nowSeconds() };
    account.bookOf(contact.type).put(contact);
    if (!silent) this.listener(account, { action: 'restore', contact });
    return contact;
  }

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

function applied(account: KommoAccount, before: Contact, change: ContactChange): Contact {
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
    fields: change.fields ? mergedFields(account, before, change.fields) : before.fields,
    tags: mergedTags(before.tags, change),
  };
}

function mergedFields(account: KommoAccount, before: Contact, changes: NonNullable<ContactChange['fields']>): Contact['fields'] {
  if (changes.size === 0) return before.fields;
  const kept = unpackFields(before.fields).filter(({ fieldId }) => !changes.has(fieldId));
  const written: FilledField[] = [...changes].map(([fieldId, values]) => ({ fieldId, values: values ?? [] }));
  const place = ({ fieldId }: FilledField) => account.dictionary.placeOf(fieldId);
  return packFields([...kept, ...written].sort((one, other) => place(one) - place(other)));
}

function mergedTags(before: readonly Tag[] | null, change: ContactChange): readonly Tag[] | null {
  const base = change.tags === undefined ? (before ?? []) : (change.tags ?? []);
  if (!change.tagsToAdd && !change.tagsToDelete) return base.length > 0 ? base : null;
  const removed = new Set(change.tagsToDelete?.map(({ id }) => id));
  const byId = new Map([...base, ...(change.tagsToAdd ?? [])].map((tag) => [tag.id, tag]));
  const left = [...byId.values()].filter(({ id }) => !removed.has(id));
  return left.length > 0 ? left : null;
}
