import type { ContactSnapshot } from './contact-snapshot.js';

/** Kommo's own words for what happened. */
export type ContactAction = 'add' | 'update' | 'delete' | 'restore';

/** One thing that a Kommo hook says happened to one contact or company. */
export interface ContactChange {
  readonly action: ContactAction;
  readonly contactId: number;
  /** Companies arrive among the contacts; undefined when the hook does not tell (reference/kommo.md 5.3). */
  readonly entityType: 'contact' | 'company' | undefined;
  /** Absent for a delete, which carries the id alone. */
  readonly snapshot?: ContactSnapshot;
}
