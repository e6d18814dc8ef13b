import type { ContactChange } from './contact-change.js';
import type { ContactSnapshot } from './contact-snapshot.js';

/** What the mirror knows of the contact that a change is about. */
export interface MirrorVersion {
  readonly isDeleted: boolean;
  /** Kommo's modification time, seconds; 0 when never told. */
  readonly modifiedAtSeconds: number;
  readonly contentHash: string;
  /** When the mirror took this version, epoch ms. */
  readonly savedAtMs: number;
}

/** `apply` it, `skip` it (old or known), or `reread` the contact from Kommo because it cannot be ordered. */
export type ChangeDecision = 'apply' | 'skip' | 'reread';

/**
 * Decides what one delivered change means for the mirror (DESIGN.md 7).
 *
 * Hooks come twice, late and out of order and carry seconds only (reference/kommo.md 5.5). A delete carries no time, a
 * restore may follow a newer delete, and a contact held as gone may be back: those are settled by asking Kommo.
 */
export function decideChange(change: ContactChange, contentHash: string | undefined, mirror: MirrorVersion | undefined): ChangeDecision {
  const modifiedAt = change.snapshot?.modifiedAtSeconds;
  if (change.entityType === undefined || change.action === 'delete' || change.action === 'restore') return 'reread';
  if (modifiedAt === undefined || mirror?.isDeleted) return 'reread';
  if (!mirror || modifiedAt > mirror.modifiedAtSeconds) return 'apply';
  if (modifiedAt < mirror.modifiedAtSeconds || contentHash === mirror.contentHash) return 'skip';
  return 'reread';
}

/** Kommo's answers, by contact, except where a change that was delivered before the question is newer than the answer. */
export function newestOf(
  answered: ReadonlyMap<number, ContactSnapshot>,
  delivered: readonly ContactChange[],
): Map<number, ContactSnapshot> {
  const newest = new Map(answered);
  for (const { contactId, entityType, snapshot } of delivered) {
    const known = newest.get(contactId);
    const isNewer = known && snapshot && (snapshot.modifiedAtSeconds ?? 0) > (known.modifiedAtSeconds ?? 0);
    if (isNewer && entityType === 'contact') newest.set(contactId, snapshot);
  }
  return newest;
}

/** A contact as a page of Kommo's list shows it. */
export interface ListedVersion {
  readonly contactId: number;
  readonly contentHash: string;
  readonly modifiedAtSeconds: number;
}

/** What a page means for the mirror; a version older than the mirror's is in none of these. */
export interface SortedPage<Version extends ListedVersion> {
  /** To be taken over. */
  readonly fresh: Version[];
  /** Known with this content. */
  readonly same: Version[];
  /** Known otherwise, from a hook or a re-read that came while the page was under way: to be read again. */
  readonly outrun: Version[];
}

/**
 * Compares a page with what the mirror knows of its contacts. The page is newer than what the mirror took before it was asked
 * for (`askedAtMs`), unless Kommo's list lags behind a hook.
 */
export function sortPage<Version extends ListedVersion>(
  living: readonly Version[],
  known: ReadonlyMap<number, MirrorVersion>,
  askedAtMs: number,
): SortedPage<Version> {
  const sorted: SortedPage<Version> = { fresh: [], same: [], outrun: [] };
  for (const version of living) {
    const mirror = known.get(version.contactId);
    if (mirror && !mirror.isDeleted && mirror.contentHash === version.contentHash) sorted.same.push(version);
    else if (mirror && mirror.savedAtMs >= askedAtMs) sorted.outrun.push(version);
    else if (!mirror || mirror.isDeleted || version.modifiedAtSeconds >= mirror.modifiedAtSeconds) sorted.fresh.push(version);
  }
  return sorted;
}
