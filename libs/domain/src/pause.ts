import type { ErrorCode } from './error-registry.js';

/** The services that this one calls. */
export const vendors = ['kommo', 'unisender'] as const;

/** One of {@link vendors}. */
export type Vendor = (typeof vendors)[number];

/**
 * What a pause stops. `id` is the vendor's name, the account's id, the host, the hash of the Unisender key, or that hash and a method of
 * Unisender, as `hash:method`.
 */
export interface PauseScope {
  readonly kind: 'vendor' | 'account' | 'host' | 'key' | 'method';
  readonly id: string;
}

/** When a pause began and ends, and how many pauses in a row it is the last of. Times are epoch milliseconds. */
export interface PauseSpan {
  readonly since: number;
  readonly until: number;
  readonly repetitions: number;
}

/** A vendor's refusal of a request, which pauses further ones. */
export interface VendorRefusal {
  readonly code: ErrorCode<'transient'>;
  readonly forMs: number;
  /** Whether each pause that follows another one is twice as long. */
  readonly isGrowing?: boolean;
}

/** The end of a pause that lasts until an operator lifts it: 9999-12-31. */
export const UNTIL_LIFTED_MS = 253_402_300_799_999;
/** The longest pause that a vendor's refusal may cause for others, or grow to. */
export const LONGEST_PAUSE_MS = 15 * 60_000;
/** A pause follows another one when it begins at most this long after its end. */
const FOLLOWS_WITHIN_MS = LONGEST_PAUSE_MS;
/** Two accounts agree that the vendor refuses all of them when both are refused within this time. */
export const AGREEMENT_MS = 60_000;
/** The refusals that may concern every account: a used-up rate limit, and a blocked IP. */
export const AGREEING_CODES = ['kommo_rate_limited', 'kommo_blocked'] as const satisfies readonly ErrorCode<'transient'>[];

/** Decides how long the pause is that a refusal causes. `previous` is the last pause of the same scope for the same code. */
export function decidePause(
  previous: PauseSpan | undefined,
  { forMs, isGrowing = false }: Pick<VendorRefusal, 'forMs' | 'isGrowing'>,
  nowMs: number,
): PauseSpan {
  if (previous && previous.until > nowMs) {
    return isGrowing ? previous : { ...previous, until: Math.max(previous.until, nowMs + forMs) };
  }
  const isNext = isGrowing && previous !== undefined && nowMs - previous.until <= FOLLOWS_WITHIN_MS;
  const repetitions = isNext ? previous.repetitions + 1 : 1;
  const lengthMs = isGrowing ? Math.min(forMs * 2 ** Math.min(repetitions - 1, 20), LONGEST_PAUSE_MS) : forMs;
  return { since: nowMs, until: nowMs + lengthMs, repetitions };
}

const FIRST_RECHECK_MS = 15 * 60_000;
const LONGEST_RECHECK_MS = 24 * 3_600_000;

/** Decides how long a refused key is not checked again: 15 minutes, doubling to a day. */
export function decideRecheck(previous: PauseSpan | undefined, nowMs: number): PauseSpan {
  const repetitions = (previous?.repetitions ?? 0) + 1;
  const lengthMs = Math.min(FIRST_RECHECK_MS * 2 ** Math.min(repetitions - 1, 10), LONGEST_RECHECK_MS);
  return { since: nowMs, until: nowMs + lengthMs, repetitions };
}

/** Decides how long a vendor is paused after two accounts agreed. It ends 15 minutes after it began at the latest. */
export function decideVendorPause(previous: PauseSpan | undefined, untilMs: number, nowMs: number): PauseSpan {
  const since = previous && previous.until > nowMs ? previous.since : nowMs;
  return { since, until: Math.min(Math.max(untilMs, nowMs), since + LONGEST_PAUSE_MS), repetitions: 1 };
}

/** Returns what can pause the requests under a limiter key; undefined for a key that only limits them. */
export function findPauseScope(limiterKey: string): PauseScope | undefined {
  const [name = '', id, method] = limiterKey.split(':');
  if (name === 'unisender-method' && id !== undefined && method !== undefined) return { kind: 'method', id: `${id}:${method}` };
  if (name === 'kommo-host' && id !== undefined) return { kind: 'host', id };
  if (name.includes('-')) return undefined;
  if (id === undefined) return { kind: 'vendor', id: name };
  return name === 'kommo' ? { kind: 'account', id } : { kind: 'key', id };
}
