import type { ContactSnapshot } from './contact-snapshot.js';

/** What happened to a contact, in Kommo's words. */
export type ContactAction = 'add' | 'update' | 'delete' | 'restore';

/** One change of one contact or company in a Kommo webhook or a poll, or several of one contact that waited together. */
export interface ContactChange {
  /** `reread` says nothing: deletes and other changes waited together, or a response of Kommo is to be checked once more. */
  readonly action: ContactAction | 'reread';
  readonly contactId: number;
  /** Companies arrive among the contacts. Undefined when the webhook does not say which it is (reference/kommo.md 5.3). */
  readonly entityType: 'contact' | 'company' | undefined;
  /** The newest of the changes. Absent for a delete, which carries the id alone. */
  readonly snapshot?: ContactSnapshot;
  /** Whether changes waited together whose order is unknown. */
  readonly isUnordered?: boolean;
  /** Whether we have read the snapshot from Kommo: no webhook says that somebody made the change, so that what it removes is counted. */
  readonly isPolled?: boolean;
}
