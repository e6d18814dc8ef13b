import {
  CLOCK_TOLERANCE_MS,
  type Refusal,
  type RefusalKind,
  type Refusals,
  isMailableStatus,
  noRefusals,
  refusalOfStatus,
} from './mailing-consent.js';

/** An event of Unisender about one address. Its names and payloads are not fully documented (reference/unisender.md 8.3). */
export interface ConsentEvent {
  readonly name: string;
  readonly status?: string | undefined;
  /** Lists that the address left. */
  readonly leftListIds: readonly number[];
  /** Lists that the address joined or still is on. */
  readonly joinedListIds: readonly number[];
  /** Lists that the event names without saying what happened there. */
  readonly otherListIds: readonly number[];
  /** Unisender's time of the event, epoch milliseconds. */
  readonly atMs?: number | undefined;
  /** Whether Unisender sends it again because an earlier delivery failed. */
  readonly isRepeated?: boolean | undefined;
}

/** What an event means for an account. An event never lifts a refusal. */
export interface ConsentEffect {
  readonly refusals: Refusals;
  /** Unisender must be asked about the address: the scope is unproven, or the address may be active again. */
  readonly needsLook: boolean;
}

/** What is needed to read an event. */
export interface EventContext {
  /** Every list that is or was ours. */
  readonly ourListIds: readonly number[];
  /** By the database's clock, epoch milliseconds. */
  readonly receivedAtMs: number;
}

/** A first delivery arrives in seconds. */
const PROMPT_MS = 60_000;

/** Times of events are whole seconds, and clocks that are kept right differ by less. */
const CLOCK_NOISE_MS = 2_000;

/**
 * The earliest time of the event, epoch milliseconds; null when it is unknown. The zone of Unisender's times is not documented: a time
 * in the future is not believed. A time that its receipt does not confirm may be of another clock than Unisender's responses.
 */
function timeOf({ atMs, isRepeated }: ConsentEvent, receivedAtMs: number): number | null {
  if (atMs === undefined || atMs > receivedAtMs + PROMPT_MS) return null;
  // A time after the receipt proves that the clocks differ.
  const isPrompt = !isRepeated && receivedAtMs - atMs <= PROMPT_MS && atMs <= receivedAtMs + CLOCK_NOISE_MS;
  return isPrompt ? Math.min(atMs, receivedAtMs) : atMs - CLOCK_TOLERANCE_MS;
}

/** Statuses of a letter that report what its reader did. They do not say whether one list or everything is meant. */
const letterRefusals: Readonly<Record<string, RefusalKind>> = { ok_unsubscribed: 'unsubscribed', ok_fbl: 'complained' };

const letterRefusalOf = (status: string | undefined): RefusalKind | undefined =>
  status !== undefined && Object.hasOwn(letterRefusals, status) ? letterRefusals[status] : undefined;

const hasAny = (ids: readonly number[], wanted: readonly number[]): boolean => ids.some((id) => wanted.includes(id));

function readUnsubscribe(event: ConsentEvent, { ourListIds }: EventContext, refusal: Refusal): ConsentEffect | undefined {
  const unproven = { ...refusal, isUnproven: true };
  if (hasAny(event.leftListIds, ourListIds)) return { refusals: { global: null, list: refusal }, needsLook: false };
  const isAboutOthers = event.leftListIds.length > 0 || (event.otherListIds.length > 0 && !hasAny(event.otherListIds, ourListIds));
  return isAboutOthers ? undefined : { refusals: { global: unproven, list: unproven }, needsLook: true };
}

function readSubscribe({ joinedListIds, otherListIds }: ConsentEvent, { ourListIds }: EventContext): ConsentEffect | undefined {
  const named = [...joinedListIds, ...otherListIds];
  const mayBeOurs = named.length === 0 || hasAny(named, ourListIds);
  return mayBeOurs ? { refusals: noRefusals, needsLook: true } : undefined;
}

/**
 * Returns what the event means, by its name, its status and the meaning of its lists; undefined when it says nothing about the whole
 * account or a list of ours (reference/unisender.md 6.1, 8.2).
 */
export function readConsentEvent(event: ConsentEvent, context: EventContext): ConsentEffect | undefined {
  const { receivedAtMs } = context;
  const refusalOf = (kind: RefusalKind): Refusal => ({
    kind,
    refusedAtMs: timeOf(event, receivedAtMs),
    learnedAtMs: receivedAtMs,
    isUnproven: false,
  });
  if (event.name === 'unsubscribe') return readUnsubscribe(event, context, refusalOf('unsubscribed'));
  if (event.name === 'subscribe') return readSubscribe(event, context);
  if (event.name !== 'email_status') return undefined;
  const kind = refusalOfStatus(event.status);
  if (kind) return { refusals: { global: refusalOf(kind), list: null }, needsLook: false };
  const letter = letterRefusalOf(event.status);
  if (letter) {
    const unproven = { ...refusalOf(letter), isUnproven: true };
    return { refusals: { global: unproven, list: unproven }, needsLook: true };
  }
  return isMailableStatus(event.status) ? { refusals: noRefusals, needsLook: true } : undefined;
}
