/** All statuses of an address (reference unisender 6.1). */
export const contactStatuses = ['new', 'invited', 'active', 'inactive', 'unsubscribed', 'blocked', 'activation_requested'] as const;
/** The status of an address in the whole account. */
export type ContactStatus = (typeof contactStatuses)[number];

/** The statuses that importContacts can set (reference unisender 6.1). */
export const settableStatuses: readonly ContactStatus[] = ['new', 'active', 'inactive', 'unsubscribed'];

/** All values of email_availability. */
export const availabilities = ['available', 'unreachable', 'temp_unreachable', 'mailbox_full', 'spam_rejected', 'spam_folder'] as const;
type Availability = (typeof availabilities)[number];

/** The membership of an address in a list. */
export interface Membership {
  readonly listId: number;
  /** Unix seconds. */
  readonly addedAt: number;
  /** Unsubscribed from this list; the account-wide status may still be active. */
  unsubscribed: boolean;
}

/** An address of an account. Fields are stored flat (name, value, name, value, …) to save memory. */
export interface Contact {
  readonly id: number;
  readonly email: string;
  readonly addedAt: number;
  status: ContactStatus;
  availability: Availability;
  memberships: Membership[];
  fields: string[];
  tags: readonly string[];
}

/** The value of a field. Undefined when it is empty. */
export function fieldOf(contact: Contact, name: string): string | undefined {
  const place = fieldPlace(contact, name);
  return place < 0 ? undefined : contact.fields[place + 1];
}

/** Sets a field. An empty value removes it. */
export function setField(contact: Contact, name: string, value: string): void {
  const place = fieldPlace(contact, name);
  if (value === '') {
    if (place >= 0) contact.fields.splice(place, 2);
  } else if (place < 0) contact.fields = contact.fields.concat(name, value);
  else contact.fields[place + 1] = value;
}

/** All fields by name. */
export function fieldsOf(contact: Contact): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let at = 0; at < contact.fields.length; at += 2) fields[contact.fields[at] ?? ''] = contact.fields[at + 1] ?? '';
  return fields;
}

function fieldPlace(contact: Contact, name: string): number {
  for (let at = 0; at < contact.fields.length; at += 2) if (contact.fields[at] === name) return at;
  return -1;
}

/** The membership in one list. */
export function membershipOf(contact: Contact, listId: number): Membership | undefined {
  return contact.memberships.find((membership) => membership.listId === listId);
}

/** Adds the contact to a list. False if it is in the list already, even unsubscribed. */
export function joinList(contact: Contact, listId: number, addedAt: number): boolean {
  if (membershipOf(contact, listId)) return false;
  contact.memberships = contact.memberships.concat({ listId, addedAt, unsubscribed: false });
  return true;
}

/** Removes the contact from a list. */
export function leaveList(contact: Contact, listId: number): void {
  contact.memberships = contact.memberships.filter((membership) => membership.listId !== listId);
}

/** Formats Unix seconds as `YYYY-MM-DD hh:mm:ss` in UTC. */
export function unisenderTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
}
