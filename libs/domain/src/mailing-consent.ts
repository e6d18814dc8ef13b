/** Only `mailable` addresses are ever sent. */
export type MailingConsent = 'mailable' | 'unsubscribed' | 'blocked';

const mailableStatuses: readonly (string | undefined)[] = ['active', 'new'];

/** Whether Unisender mails an address of this status (reference/unisender.md 6.1). */
export const isMailableStatus = (status: string | undefined): boolean => mailableStatuses.includes(status);

/** An owner's own decision, by the event's name and status; undefined for events that say nothing of it (reference/unisender.md 8.2, 6.1). */
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

/** Whether an event that names these lists is about ours: one that names none is about all, and before we have a list every one counts. */
export const concernsList = (namedListIds: readonly number[], listId: number | null): boolean =>
  namedListIds.length === 0 || listId === null || namedListIds.includes(listId);

/**
 * What an exported row says of its owner's decision: about the whole account, or about our list alone
 * (reference/unisender.md 4.2). Undefined when only other lists were left: one of them may have been ours, so that this is
 * no word against what is known.
 */
export function consentOfExport(
  row: { readonly status: string | undefined; readonly unsubscribedListIds: readonly number[] },
  listId: number,
): MailingConsent | undefined {
  if (row.status === 'blocked') return 'blocked';
  if (row.status === 'unsubscribed' || row.unsubscribedListIds.includes(listId)) return 'unsubscribed';
  return row.unsubscribedListIds.length === 0 ? 'mailable' : undefined;
}
