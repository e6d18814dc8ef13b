import { AccountBlockedError, ServiceError, TransientError } from './errors.js';

/** What a worker does with a job that failed, in beanstalkd's words. */
export type Disposition =
  | { readonly action: 'release'; readonly delaySeconds: number }
  | { readonly action: 'bury'; readonly code: string; readonly reason: string }
  /** The account must be mended by a human first; the sweep brings the work back. */
  | { readonly action: 'delete'; readonly reason: string };

/** A failed attempt. */
export interface Attempt {
  readonly error: unknown;
  /** 1 for the first. What ended in an own hold is no attempt. */
  readonly number: number;
  /** Since the job was put. */
  readonly ageSeconds: number;
}

const FIRST_DELAY_SECONDS = 1;
const EARLY_CAP_SECONDS = 60;
const EARLY_SECONDS = 600;
const LATE_CAP_SECONDS = 600;
const MAX_UNEXPECTED_ATTEMPTS = 5;
const MAX_TRANSIENT_AGE_SECONDS = 24 * 3_600;
const LONGEST_WISHED_SECONDS = 24 * 3_600;
const JITTER = 0.2;

/** Codes of waits that are ours, not a vendor's. */
const OWN_HOLDS = ['account_busy', 'account_paused', 'lease_lost', 'still_running', 'stopping'];

/** Whether the job was only put off by this service itself: no failure, nothing for the operator to read. */
export const isOwnHold = (error: unknown): boolean => error instanceof TransientError && OWN_HOLDS.includes(error.code);

/** 1 s doubling to 60 s, after ten minutes up to 10 min, spread by a fifth so that jobs which failed together do not return together. */
export function backOffSeconds({ number, ageSeconds }: Pick<Attempt, 'number' | 'ageSeconds'>, random: number): number {
  const cap = ageSeconds < EARLY_SECONDS ? EARLY_CAP_SECONDS : LATE_CAP_SECONDS;
  const exact = Math.min(FIRST_DELAY_SECONDS * 2 ** Math.min(number - 1, 20), cap);
  return Math.max(1, Math.round(exact * (1 - JITTER + 2 * JITTER * random)));
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The other side's own wish, when it is one that can be granted. */
function findWishedDelaySeconds(error: unknown): number | undefined {
  const wishedMs = error instanceof TransientError ? error.retryAfterMs : undefined;
  if (wishedMs === undefined || Number.isNaN(wishedMs)) return undefined;
  return Math.min(Math.max(0, Math.ceil(wishedMs / 1_000)), LONGEST_WISHED_SECONDS);
}

const releaseOf = (error: unknown, attempt: Attempt, random: number): Disposition => ({
  action: 'release',
  delaySeconds: findWishedDelaySeconds(error) ?? backOffSeconds(attempt, random),
});

/**
 * Decides by the kind of error alone (DESIGN.md 6): what time may heal is released, what a human must mend for the account
 * ends, all else is buried with its reason. What time does not heal in a day is buried too, unless it only waited for us. An
 * error nobody foresaw is tried five times. Never deletes what failed. `random` is between 0 and 1.
 */
export function decideDisposition(attempt: Attempt, random: number): Disposition {
  const { error, number, ageSeconds } = attempt;
  if (error instanceof AccountBlockedError) return { action: 'delete', reason: error.message };
  if (error instanceof TransientError) {
    const isTooOld = ageSeconds > MAX_TRANSIENT_AGE_SECONDS && !isOwnHold(error);
    return isTooOld ? { action: 'bury', code: error.code, reason: reasonOf(error) } : releaseOf(error, attempt, random);
  }
  if (error instanceof ServiceError) return { action: 'bury', code: error.code, reason: reasonOf(error) };
  if (number < MAX_UNEXPECTED_ATTEMPTS) return releaseOf(error, attempt, random);
  return { action: 'bury', code: 'unexpected', reason: reasonOf(error) };
}
