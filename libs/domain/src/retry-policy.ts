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

/** How long the failed jobs of a tube wait for their next attempt, and how often they are tried. */
export interface RetryPolicy {
  /** The delay after the first attempt; each further attempt doubles it, up to a cap. */
  readonly firstDelaySeconds: number;
  /** The cap for a job that was put less than `earlySeconds` ago. */
  readonly earlyCapSeconds: number;
  readonly earlySeconds: number;
  /** The cap for an older job. */
  readonly lateCapSeconds: number;
  /** Changes each delay at random by up to this part of it, so that jobs that failed together do not return together. */
  readonly jitter: number;
  /** A job that fails with a transient error at a greater age is buried. */
  readonly maxTransientAgeSeconds: number;
  /** A job that fails with an unexpected error for the last of these attempts is buried. */
  readonly maxUnexpectedAttempts: number;
}

/** The policy of every tube: 1 s doubling to 60 s, after ten minutes up to 10 min (DESIGN.md 6). */
export const standardRetry: RetryPolicy = {
  firstDelaySeconds: 1,
  earlyCapSeconds: 60,
  earlySeconds: 600,
  lateCapSeconds: 600,
  jitter: 0.2,
  maxTransientAgeSeconds: 24 * 3_600,
  maxUnexpectedAttempts: 5,
};

const LONGEST_WISHED_SECONDS = 24 * 3_600;

/** Codes of waits that are ours, not a vendor's. */
const OWN_HOLDS = ['account_busy', 'account_paused', 'lease_lost', 'still_running', 'stopping'];

/** Whether the job was only put off by this service itself: no failure, nothing for the operator to read. */
export const isOwnHold = (error: unknown): boolean => error instanceof TransientError && OWN_HOLDS.includes(error.code);

/** The delay before the next attempt, in whole seconds, at least 1. `random` is between 0 and 1. */
export function backOffSeconds(
  { number, ageSeconds }: Pick<Attempt, 'number' | 'ageSeconds'>,
  random: number,
  { firstDelaySeconds, earlySeconds, earlyCapSeconds, lateCapSeconds, jitter }: RetryPolicy = standardRetry,
): number {
  const cap = ageSeconds < earlySeconds ? earlyCapSeconds : lateCapSeconds;
  const exact = Math.min(firstDelaySeconds * 2 ** Math.min(number - 1, 20), cap);
  return Math.max(1, Math.round(exact * (1 - jitter + 2 * jitter * random)));
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The other side's own wish, when it is one that can be granted. */
function findWishedDelaySeconds(error: unknown): number | undefined {
  const wishedMs = error instanceof TransientError ? error.retryAfterMs : undefined;
  if (wishedMs === undefined || Number.isNaN(wishedMs)) return undefined;
  return Math.min(Math.max(0, Math.ceil(wishedMs / 1_000)), LONGEST_WISHED_SECONDS);
}

const releaseOf = (attempt: Attempt, random: number, policy: RetryPolicy): Disposition => ({
  action: 'release',
  delaySeconds: findWishedDelaySeconds(attempt.error) ?? backOffSeconds(attempt, random, policy),
});

/**
 * Decides by the kind of error alone (DESIGN.md 6): what time may heal is released, what a human must mend for the account
 * ends, all else is buried with its reason. What time does not heal in a day is buried too, unless it only waited for us. An
 * error nobody foresaw is tried five times. Never deletes what failed. `random` is between 0 and 1.
 */
export function decideDisposition(attempt: Attempt, random: number, policy: RetryPolicy = standardRetry): Disposition {
  const { error, number, ageSeconds } = attempt;
  if (error instanceof AccountBlockedError) return { action: 'delete', reason: error.message };
  if (error instanceof TransientError) {
    const isTooOld = ageSeconds > policy.maxTransientAgeSeconds && !isOwnHold(error);
    return isTooOld ? { action: 'bury', code: error.code, reason: reasonOf(error) } : releaseOf(attempt, random, policy);
  }
  if (error instanceof ServiceError) return { action: 'bury', code: error.code, reason: reasonOf(error) };
  if (number < policy.maxUnexpectedAttempts) return releaseOf(attempt, random, policy);
  return { action: 'bury', code: 'unexpected', reason: reasonOf(error) };
}
