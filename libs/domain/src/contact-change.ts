import type { ContactSnapshot } from './contact-snapshot.js';

/** What happened to a contact, in Kommo's words. */
export type ContactAction = 'add' | 'update' | 'delete' | 'restore';

/** One change of one contact or company in a Kommo webhook. */
export interface ContactChange {
  readonly action: ContactAction;
  readonly contactId: number;
  /** Companies arrive among the contacts. Undefined when the webhook does not say which it is (reference/kommo.md 5.3). */
  readonly entityType: 'contact' | 'company' | undefined;
  /** Absent for a delete, which carries the id alone. */
  readonly snapshot?: ContactSnapshot;
}
