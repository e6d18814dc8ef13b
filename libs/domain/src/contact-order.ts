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
 * Decides what to do with one change of a webhook (DESIGN.md 7.1). `contentHash` is that of the change, undefined without a snapshot.
 *
 * Webhooks arrive twice, late and out of order, and their times are in seconds (reference/kommo.md 5.5). Kommo is asked when the order
 * is unknown: a delete carries no time, a restore may follow a newer delete, a contact may exist again after its delete, and an older
 * time belongs to a late webhook or was set back by a program that writes `updated_at`.
 */
export function decideChange(change: ContactChange, contentHash: string | undefined, mirror: MirrorVersion | undefined): ChangeDecision {
  const modifiedAt = change.snapshot?.modifiedAtSeconds;
  if (change.entityType === undefined || (change.action !== 'add' && change.action !== 'update')) return 'reread';
  if (change.isUnordered || modifiedAt === undefined || mirror?.isDeleted) return 'reread';
  if (!mirror || modifiedAt > mirror.modifiedAtSeconds) return 'apply';
  return contentHash === mirror.contentHash ? 'skip' : 'reread';
}

/** A response of Kommo to a re-read is asked for again while it may lag behind Kommo's own webhooks, after these delays. */
const REREAD_DELAYS_MS = [3_000, 10_000, 30_000, 90_000] as const;
/** A response with an older time than the mirror's or the webhook's is believed from this attempt on. */
const OLDER_BELIEVED_FROM = 2;
/** After changes that contradict each other, a response by which a contact appears or disappears is believed from this attempt on. */
const UNCLEAR_BELIEVED_FROM = 1;
/** A version of the mirror that is older than this is not newer than Kommo's own list. */
const LONGEST_LAG_MS = 5 * 60_000;

/** A change that could not be ordered, and Kommo's response about its contact. */
export interface RereadCase {
  readonly change: ContactChange;
  /** Undefined when Kommo does not show the contact, or shows it in the trash. */
  readonly response: Pick<ContactSnapshot, 'modifiedAtSeconds'> | undefined;
  readonly mirror: MirrorVersion | undefined;
  /** How often Kommo was asked because of this change before; 0 for the first response. */
  readonly attempts: number;
  readonly nowMs: number;
}

/**
 * What to do after a re-read: store Kommo's `response` or the `change` of the webhook, `delete` the contact in the mirror, `keep` the
 * mirror, or ask `again` after a delay.
 */
export type RereadDecision =
  { readonly kind: 'response' | 'change' | 'delete' | 'keep' } | { readonly kind: 'again'; readonly delayMs: number };

const timeOf = (version: { readonly modifiedAtSeconds?: number | undefined } | undefined): number => version?.modifiedAtSeconds ?? 0;

const exists = (mirror: MirrorVersion | undefined): boolean => mirror !== undefined && !mirror.isDeleted;

/** Whether Kommo's list may not show the state of the webhooks yet. */
function mayLag({ change, response, mirror, attempts, nowMs }: RereadCase): boolean {
  if (change.action === 'reread' && exists(mirror) !== (response !== undefined)) return attempts < UNCLEAR_BELIEVED_FROM;
  if (!response || attempts >= OLDER_BELIEVED_FROM) return false;
  const isMirrorRecent = mirror && !mirror.isDeleted && nowMs - mirror.savedAtMs < LONGEST_LAG_MS;
  return timeOf(response) < timeOf(change.snapshot) || (isMirrorRecent === true && timeOf(response) < mirror.modifiedAtSeconds);
}

/** Whether the webhook's content is newer than Kommo's response, and at least as new as the mirror. */
function isChangeNewest({ change, response, mirror }: RereadCase): boolean {
  const isContent = change.entityType === 'contact' && change.action !== 'reread' && !change.isUnordered;
  return isContent && timeOf(change.snapshot) > timeOf(response) && timeOf(change.snapshot) >= timeOf(mirror);
}

/** Whether the response contradicts the change: a deleted contact is shown, or another one is not. An item without a type may be a company. */
function isContradicted({ change, response, mirror }: RereadCase): boolean {
  const mayBeCompany = change.entityType === undefined && !mirror;
  if (change.action === 'reread' || (mayBeCompany && !response)) return false;
  return (change.action === 'delete') === (response !== undefined);
}

function toResult({ response, mirror }: RereadCase): RereadDecision {
  if (response) return { kind: 'response' };
  return { kind: mirror?.isDeleted ? 'keep' : 'delete' };
}

/**
 * Decides what a re-read means (DESIGN.md 7.1). Kommo's list may lag behind its webhooks: a delete whose contact is still shown, a
 * change whose contact is not shown, and a response that is older than the mirror are asked about again. The last response counts.
 */
export function decideReread(rereadCase: RereadCase): RereadDecision {
  const delayMs = REREAD_DELAYS_MS[rereadCase.attempts];
  if (isContradicted(rereadCase)) return delayMs === undefined ? toResult(rereadCase) : { kind: 'again', delayMs };
  if (rereadCase.response && isChangeNewest(rereadCase)) return { kind: 'change' };
  return delayMs !== undefined && mayLag(rereadCase) ? { kind: 'again', delayMs } : toResult(rereadCase);
}

/** A contact on a page of Kommo's list. */
export interface ListedVersion {
  readonly contactId: number;
  readonly contentHash: string;
  readonly modifiedAtSeconds: number;
}

/** The contacts of a page, sorted by what to do with them. */
export interface SortedPage<Version extends ListedVersion> {
  /** To be stored. */
  readonly fresh: Version[];
  /** Stored already, with the same content. */
  readonly same: Version[];
  /**
   * To be read again by id: stored with other content after the page was requested, or with a newer time, because the list lags or
   * the time was set back.
   */
  readonly doubtful: Version[];
}

/** Compares a page with the mirror. The page is newer than what the mirror stored before the request (`askedAtMs`). */
export function sortPage<Version extends ListedVersion>(
  existing: readonly Version[],
  known: ReadonlyMap<number, MirrorVersion>,
  askedAtMs: number,
): SortedPage<Version> {
  const sorted: SortedPage<Version> = { fresh: [], same: [], doubtful: [] };
  for (const version of existing) {
    const mirror = known.get(version.contactId);
    if (mirror && !mirror.isDeleted && mirror.contentHash === version.contentHash) sorted.same.push(version);
    else if (mirror && mirror.savedAtMs >= askedAtMs) sorted.doubtful.push(version);
    else if (!mirror || mirror.isDeleted || version.modifiedAtSeconds >= mirror.modifiedAtSeconds) sorted.fresh.push(version);
    else sorted.doubtful.push(version);
  }
  return sorted;
}
