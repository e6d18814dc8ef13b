/** How the owner of an address refused mailings. */
export type RefusalKind = 'unsubscribed' | 'blocked' | 'complained';

/** Whether an address may be mailed; only `mailable` ones are pushed. */
export type MailingConsent = 'mailable' | RefusalKind;

/** What a refusal is about: the whole Unisender account, or the lists that are or were ours. */
export type RefusalScope = 'global' | 'list';

/** A refusal that was learnt. Times are epoch milliseconds. */
export interface Refusal {
  readonly kind: RefusalKind;
  /** By Unisender's clock; null when the time is unknown. */
  readonly refusedAtMs: number | null;
  /** By the database's clock. */
  readonly learnedAtMs: number;
  /** An event gave no scope. The refusal counts for both scopes until Unisender is asked. */
  readonly isUnproven: boolean;
}

/** What is known about the refusals of one address. */
export type Refusals = Readonly<Record<RefusalScope, Refusal | null>>;

/** No refusal is known. */
export const noRefusals: Refusals = { global: null, list: null };

/** What Unisender itself said about one address, in getContact or in an export. */
export interface ConsentView {
  /** When Unisender was asked, by the database's clock, epoch milliseconds. */
  readonly askedAtMs: number;
  /** The status in the whole account (reference/unisender.md 6.1). */
  readonly status: string | undefined;
  /** It is on our present list and did not unsubscribe from it. */
  readonly isOnOurList: boolean;
  /** It unsubscribed from a list that is or was ours. */
  readonly hasLeftList: boolean;
  /** It unsubscribed from a list that never was ours. */
  readonly hasLeftOtherList: boolean;
}

/** The lists of an account in its Unisender account. */
export interface OurLists {
  readonly presentId: number | null;
  /** Every list that is or was ours in this Unisender account. */
  readonly allIds: readonly number[];
  /** Every list that is or was ours in any Unisender account: who left one of these refused us. */
  readonly everIds: readonly number[];
}

/** What is known about the rows of ours that put the address on a list. */
export interface SentRows {
  /** Until when they may have put it there, by Unisender's clock, epoch milliseconds ({@link latestPutMs}); null when none was sent. */
  readonly lastSentAtMs: number | null;
  /** Whether the address is on our list as far as we know. */
  readonly isPresent: boolean;
}

/** A refusal without a time may be this much older than its receipt: Unisender repeats an event for a day (reference/unisender.md 8.1). */
const UNKNOWN_AGE_MS = 24 * 3_600_000;

const SEVERITY: Readonly<Record<MailingConsent, number>> = { mailable: 0, unsubscribed: 1, blocked: 2, complained: 3 };

const worse = <Consent extends MailingConsent>(one: Consent, other: Consent): Consent => (SEVERITY[one] >= SEVERITY[other] ? one : other);

/** The consent that follows from the refusals: the worst of them. */
export const consentOf = ({ global, list }: Refusals): MailingConsent =>
  worse<MailingConsent>(global?.kind ?? 'mailable', list?.kind ?? 'mailable');

const mailableStatuses: readonly (string | undefined)[] = ['active', 'new'];

/** Whether Unisender mails to an address of this status (reference/unisender.md 6.1). */
export const isMailableStatus = (status: string | undefined): boolean => mailableStatuses.includes(status);

const refusalStatuses: Readonly<Record<string, RefusalKind>> = {
  unsubscribed: 'unsubscribed',
  blocked: 'blocked',
  complained: 'complained',
};

/** The refusal that a status of an address states; undefined when it states none. */
export const refusalOfStatus = (status: string | undefined): RefusalKind | undefined =>
  status !== undefined && Object.hasOwn(refusalStatuses, status) ? refusalStatuses[status] : undefined;

/** The view that one address in getContact gives (reference/unisender.md 5.1). */
export function viewOfContact(
  contact: { readonly status: string; readonly lists: readonly { readonly id: number; readonly status: string }[] },
  { presentId, everIds }: OurLists,
  askedAtMs: number,
): ConsentView {
  return {
    askedAtMs,
    status: contact.status,
    isOnOurList: contact.lists.some(({ id, status }) => id === presentId && isMailableStatus(status)),
    hasLeftList: contact.lists.some(({ id, status }) => everIds.includes(id) && status === 'unsubscribed'),
    hasLeftOtherList: contact.lists.some(({ id, status }) => !everIds.includes(id) && status === 'unsubscribed'),
  };
}

/** The view that a row of an export gives (reference/unisender.md 5.8). */
export function viewOfExport(
  row: { readonly status: string | undefined; readonly listIds: readonly number[]; readonly leftListIds: readonly number[] },
  { presentId, everIds }: OurLists,
  askedAtMs: number,
): ConsentView {
  return {
    askedAtMs,
    status: row.status,
    isOnOurList: presentId !== null && row.listIds.includes(presentId) && !row.leftListIds.includes(presentId),
    hasLeftList: row.leftListIds.some((id) => everIds.includes(id)),
    hasLeftOtherList: row.leftListIds.some((id) => !everIds.includes(id)),
  };
}

/** Whether the view shows a refusal of the whole account or of a list that is or was ours. */
export const isRefusal = ({ status, hasLeftList }: ConsentView): boolean => hasLeftList || refusalOfStatus(status) !== undefined;

/** The earliest time at which the owner may have refused. */
const earliestRefusalMs = ({ refusedAtMs, learnedAtMs }: Refusal): number => refusedAtMs ?? learnedAtMs - UNKNOWN_AGE_MS;

/** Unisender's own answer that the address is active again, with its scope. */
export interface ActiveEvidence {
  readonly scope: RefusalScope;
  readonly askedAtMs: number;
}

/** Unisender's clock and ours may differ by minutes. */
const CLOCK_TOLERANCE_MS = 15 * 60_000;

/** Times of responses are whole seconds. */
const TIME_STEP_MS = 1_000;

/**
 * Until when a call may have put its addresses on a list, by Unisender's clock, as events have their times. `answeredAtMs` is
 * Unisender's time of the response: its clock cannot differ from itself. Without it, the end is as late as clocks may differ.
 */
export function latestPutMs(nowMs: number, answeredAtMs?: number): number {
  const latestMs = nowMs + CLOCK_TOLERANCE_MS;
  if (answeredAtMs === undefined) return latestMs;
  const endMs = answeredAtMs + TIME_STEP_MS;
  return Math.abs(answeredAtMs - nowMs) <= CLOCK_TOLERANCE_MS ? endMs : Math.max(endMs, latestMs);
}

/**
 * Whether the evidence lifts a refusal of this scope. Unisender must have been asked about the same scope, and after the refusal was
 * learnt. No row of ours may have put the address on a list after the refusal: such a row may be why it is active.
 */
export const mayLift = (scope: RefusalScope, refusal: Refusal, evidence: ActiveEvidence, lastSentAtMs: number | null): boolean =>
  evidence.scope === scope &&
  evidence.askedAtMs > refusal.learnedAtMs &&
  (lastSentAtMs ?? Number.NEGATIVE_INFINITY) <= earliestRefusalMs(refusal);

const proven = (known: Refusal | null, kind: RefusalKind, learnedAtMs: number): Refusal =>
  known ? { ...known, kind: worse(known.kind, kind), isUnproven: false } : { kind, refusedAtMs: null, learnedAtMs, isUnproven: false };

/** Returns what is known after Unisender's own answer showed refusals. Unlike {@link learnFromView}, it lifts nothing. */
export function addShownRefusals({ global, list }: Refusals, view: ConsentView, nowMs: number): Refusals {
  const shown = refusalOfStatus(view.status);
  return {
    global: shown ? proven(global, shown, nowMs) : global,
    list: view.hasLeftList ? proven(list, 'unsubscribed', nowMs) : list,
  };
}

/** Whether the view settles what an event without a scope meant: the other scope. */
const isSettledBy = (refusal: Refusal, view: ConsentView): boolean => refusal.isUnproven && view.askedAtMs > refusal.learnedAtMs;

function learnGlobal({ global }: Refusals, view: ConsentView, sent: SentRows, nowMs: number): Refusal | null {
  const shown = refusalOfStatus(view.status);
  if (shown) return proven(global, shown, nowMs);
  if (!global || !isMailableStatus(view.status)) return global;
  if (isSettledBy(global, view) && view.hasLeftList) return null;
  return mayLift('global', global, { scope: 'global', askedAtMs: view.askedAtMs }, sent.lastSentAtMs) ? null : global;
}

function learnList({ list }: Refusals, view: ConsentView, sent: SentRows, nowMs: number): Refusal | null {
  if (view.hasLeftList) return proven(list, 'unsubscribed', nowMs);
  if (!list) return null;
  // The status explains one event. A list of ours that was deleted since does not show what another event meant.
  const mayHaveLeftDeletedList = !view.isOnOurList && sent.lastSentAtMs !== null;
  if (isSettledBy(list, view) && refusalOfStatus(view.status) && !mayHaveLeftDeletedList) return null;
  if (!isMailableStatus(view.status)) return list;
  // An event that gave no list was about another one, if the address left such a list and none of ours. A list of ours that was
  // deleted since shows nothing.
  const isAboutAnotherList = list.isUnproven && !sent.isPresent && view.hasLeftOtherList;
  if (!view.isOnOurList && !isAboutAnotherList) return list;
  return mayLift('list', list, { scope: 'list', askedAtMs: view.askedAtMs }, sent.lastSentAtMs) ? null : list;
}

/** Returns what is known after Unisender's own answer: refusals that it shows are added, and those that it disproves are lifted. */
export const learnFromView = (known: Refusals, view: ConsentView, sent: SentRows, nowMs: number): Refusals => ({
  global: learnGlobal(known, view, sent, nowMs),
  list: learnList(known, view, sent, nowMs),
});

/** Returns what is known after another refusal of the same scope. The latest refusal decides which rows of ours came after it. */
function addRefusal(known: Refusal | null, added: Refusal): Refusal {
  if (!known) return added;
  const latest = earliestRefusalMs(added) >= earliestRefusalMs(known) ? added : known;
  return {
    kind: worse(known.kind, added.kind),
    refusedAtMs: latest.refusedAtMs ?? earliestRefusalMs(latest),
    learnedAtMs: Math.max(known.learnedAtMs, added.learnedAtMs),
    isUnproven: known.isUnproven && added.isUnproven,
  };
}

/** Returns what is known after these refusals were learnt too. */
export const addRefusals = (known: Refusals, added: Refusals): Refusals => ({
  global: added.global ? addRefusal(known.global, added.global) : known.global,
  list: added.list ? addRefusal(known.list, added.list) : known.list,
});

/** Whether both state the same. */
export const equalRefusals = (one: Refusals, other: Refusals): boolean =>
  JSON.stringify([one.global, one.list]) === JSON.stringify([other.global, other.list]);
