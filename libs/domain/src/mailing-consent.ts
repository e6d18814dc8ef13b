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

const DAY_MS = 24 * 3_600_000;

/** A refusal without a time may be this much older than its receipt: Unisender repeats an event for a day (reference/unisender.md 8.1). */
const UNKNOWN_AGE_MS = DAY_MS;

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

/** Whether a row of ours may have put the address on a list after the refusal. */
const mayBePutSince = (refusal: Refusal, putUntilMs: number | null): boolean =>
  putUntilMs !== null && putUntilMs > earliestRefusalMs(refusal);

/** Unisender's own answer that the address is active again, with its scope. */
export interface ActiveEvidence {
  readonly scope: RefusalScope;
  readonly askedAtMs: number;
}

/** Clocks of different machines may differ by minutes. */
export const CLOCK_TOLERANCE_MS = 15 * 60_000;

/** Times of responses are whole seconds. */
const TIME_STEP_MS = 1_000;

/**
 * Returns the latest time at which a call may have put its addresses on a list, to be compared with the times of events, epoch
 * milliseconds. `nowMs` is the database's time after the call. `respondedAtMs` is Unisender's time of the response: its clock may be
 * ahead of ours. Without it, 15 minutes are added.
 */
export function latestPutMs(nowMs: number, respondedAtMs?: number): number {
  if (respondedAtMs === undefined) return nowMs + CLOCK_TOLERANCE_MS;
  return Math.min(Math.max(respondedAtMs + TIME_STEP_MS, nowMs), nowMs + DAY_MS);
}

/**
 * Whether the evidence lifts a refusal of this scope. Unisender must have been asked about the same scope, and after the refusal was
 * learnt. No row of ours may have put the address on a list after the refusal: such a row may be why it is active.
 */
export const mayLift = (scope: RefusalScope, refusal: Refusal, evidence: ActiveEvidence, putUntilMs: number | null): boolean =>
  evidence.scope === scope && evidence.askedAtMs > refusal.learnedAtMs && !mayBePutSince(refusal, putUntilMs);

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

function learnGlobal({ global }: Refusals, view: ConsentView, putUntilMs: number | null, nowMs: number): Refusal | null {
  const shown = refusalOfStatus(view.status);
  if (shown) return proven(global, shown, nowMs);
  if (!global || !isMailableStatus(view.status)) return global;
  if (isSettledBy(global, view) && view.hasLeftList) return null;
  return mayLift('global', global, { scope: 'global', askedAtMs: view.askedAtMs }, putUntilMs) ? null : global;
}

/**
 * Whether the address may have left a list of ours that does not show it: the list was deleted since, or a row of ours put the address
 * there again.
 */
const mayHaveLeftOurs = (list: Refusal, view: ConsentView, putUntilMs: number | null): boolean =>
  view.isOnOurList ? mayBePutSince(list, putUntilMs) : putUntilMs !== null;

function learnList({ list }: Refusals, view: ConsentView, putUntilMs: number | null, nowMs: number): Refusal | null {
  if (view.hasLeftList) return proven(list, 'unsubscribed', nowMs);
  if (!list) return null;
  if (isSettledBy(list, view) && refusalOfStatus(view.status)) return mayHaveLeftOurs(list, view, putUntilMs) ? list : null;
  if (!isMailableStatus(view.status)) return list;
  // An event without lists was about another list, if the address left one and was never put on ours.
  const isAboutAnotherList = list.isUnproven && putUntilMs === null && view.hasLeftOtherList;
  if (!view.isOnOurList && !isAboutAnotherList) return list;
  return mayLift('list', list, { scope: 'list', askedAtMs: view.askedAtMs }, putUntilMs) ? null : list;
}

/**
 * Returns what is known after Unisender's own answer: refusals that it shows are added, and those that it disproves are lifted.
 * `putUntilMs`: the latest time at which a row of ours may have put the address on a list ({@link latestPutMs}); null without such a row.
 */
export const learnFromView = (known: Refusals, view: ConsentView, putUntilMs: number | null, nowMs: number): Refusals => ({
  global: learnGlobal(known, view, putUntilMs, nowMs),
  list: learnList(known, view, putUntilMs, nowMs),
});

/**
 * Returns the refusal whose time decides which rows of ours came after it: the latest proven one. An unproven one may be about something
 * else, so the earliest of these decides.
 */
function decisiveOf(one: Refusal, other: Refusal): Refusal {
  if (one.isUnproven !== other.isUnproven) return one.isUnproven ? other : one;
  const isOneLater = earliestRefusalMs(one) > earliestRefusalMs(other);
  return isOneLater === one.isUnproven ? other : one;
}

/** Returns what is known after another refusal of the same scope. */
function addRefusal(known: Refusal | null, added: Refusal): Refusal {
  if (!known) return added;
  const decisive = decisiveOf(known, added);
  return {
    kind: worse(known.kind, added.kind),
    refusedAtMs: decisive.refusedAtMs ?? earliestRefusalMs(decisive),
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
