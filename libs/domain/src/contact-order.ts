import type { ContactChange } from './contact-change.js';
import type { ContactSnapshot } from './contact-snapshot.js';

/** The mirror's version of a contact. */
export interface MirrorVersion {
  readonly isDeleted: boolean;
  /** Kommo's modification time in seconds; 0 when unknown. */
  readonly modifiedAtSeconds: number;
  readonly contentHash: string;
  /** When the mirror stored this version, epoch ms. */
  readonly savedAtMs: number;
}

/** `apply` a change, `skip` it as old or known, or `reread` the contact from Kommo because the change cannot be ordered. */
export type ChangeDecision = 'apply' | 'skip' | 'reread';

/**
 * Decides what to do with one change of a webhook (DESIGN.md 7). `contentHash` is that of the change, undefined without a snapshot.
 *
 * Webhooks arrive twice, late and out of order, and their times are in seconds (reference/kommo.md 5.5). Kommo is asked when the order
 * is unknown: a delete carries no time, a restore may follow a newer delete, and a contact may exist again after its delete.
 */
export function decideChange(change: ContactChange, contentHash: string | undefined, mirror: MirrorVersion | undefined): ChangeDecision {
  const modifiedAt = change.snapshot?.modifiedAtSeconds;
  if (change.entityType === undefined || change.action === 'delete' || change.action === 'restore') return 'reread';
  if (modifiedAt === undefined || mirror?.isDeleted) return 'reread';
  if (!mirror || modifiedAt > mirror.modifiedAtSeconds) return 'apply';
  if (modifiedAt < mirror.modifiedAtSeconds || contentHash === mirror.contentHash) return 'skip';
  return 'reread';
}

/** Returns for each contact the newer one of Kommo's response and the changes that were delivered before the request. */
export function newestOf(
  responses: ReadonlyMap<number, ContactSnapshot>,
  delivered: readonly ContactChange[],
): Map<number, ContactSnapshot> {
  const newest = new Map(responses);
  for (const { contactId, entityType, snapshot } of delivered) {
    const known = newest.get(contactId);
    const isNewer = known && snapshot && (snapshot.modifiedAtSeconds ?? 0) > (known.modifiedAtSeconds ?? 0);
    if (isNewer && entityType === 'contact') newest.set(contactId, snapshot);
  }
  return newest;
}

/** A contact on a page of Kommo's list. */
export interface ListedVersion {
  readonly contactId: number;
  readonly contentHash: string;
  readonly modifiedAtSeconds: number;
}

/** The contacts of a page, sorted by what to do with them. A version older than the mirror's is in none of the lists. */
export interface SortedPage<Version extends ListedVersion> {
  /** To be stored. */
  readonly fresh: Version[];
  /** Stored already, with the same content. */
  readonly same: Version[];
  /** Stored with other content after the page was requested, by a webhook or a re-read: to be read again. */
  readonly changedMeanwhile: Version[];
}

/**
 * Compares a page with the mirror. The page is newer than what the mirror stored before the request (`askedAtMs`), unless Kommo's
 * list lags behind a webhook.
 */
export function sortPage<Version extends ListedVersion>(
  living: readonly Version[],
  known: ReadonlyMap<number, MirrorVersion>,
  askedAtMs: number,
): SortedPage<Version> {
  const sorted: SortedPage<Version> = { fresh: [], same: [], changedMeanwhile: [] };
  for (const version of living) {
    const mirror = known.get(version.contactId);
    if (mirror && !mirror.isDeleted && mirror.contentHash === version.contentHash) sorted.same.push(version);
    else if (mirror && mirror.savedAtMs >= askedAtMs) sorted.changedMeanwhile.push(version);
    else if (!mirror || mirror.isDeleted || version.modifiedAtSeconds >= mirror.modifiedAtSeconds) sorted.fresh.push(version);
  }
  return sorted;
}
