/** Whether an address may be mailed; only `mailable` ones are pushed. */
export type MailingConsent = 'mailable' | RefusalKind;

/** How the owner of an address refused mailings. */
export type RefusalKind = 'unsubscribed' | 'blocked' | 'complained';

const mailableStatuses: readonly (string | undefined)[] = ['active', 'new'];

/** Whether Unisender mails to an address of this status (reference/unisender.md 6.1). */
export const isMailableStatus = (status: string | undefined): boolean => mailableStatuses.includes(status);

/** Returns the consent that an event reports, by its name and status; undefined when it reports none (reference/unisender.md 8.2, 6.1). */
export function consentOfEvent({
  name,
  status,
}: {
  readonly name: string;
  readonly status?: string | undefined;
}): MailingConsent | undefined {
  if (name === 'unsubscribe') return 'unsubscribed';
  if (name === 'subscribe') return 'mailable';
  if (name !== 'email_status') return undefined;
  if (status === 'unsubscribed' || status === 'blocked') return status;
  return isMailableStatus(status) ? 'mailable' : undefined;
}

/** Whether an event with these list ids concerns our list. An event without ids concerns all lists. While we have no list, every event concerns us. */
export const concernsList = (namedListIds: readonly number[], listId: number | null): boolean =>
  namedListIds.length === 0 || listId === null || namedListIds.includes(listId);

/**
 * Returns the consent that an exported row reports, for the whole account or for our list (reference/unisender.md 4.2). Undefined when
 * the address left only other lists: one of them may have been ours, so that the stored consent must stay.
 */
export function consentOfExport(
  row: { readonly status: string | undefined; readonly unsubscribedListIds: readonly number[] },
  listId: number,
): MailingConsent | undefined {
  if (row.status === 'blocked') return 'blocked';
  if (row.status === 'unsubscribed' || row.unsubscribedListIds.includes(listId)) return 'unsubscribed';
  return row.unsubscribedListIds.length === 0 ? 'mailable' : undefined;
}
