import { type ErrorCode, errorRuleOf } from './error-registry.js';
import { ServiceError, TransientError, hasErrorCode, isDeferral } from './errors.js';

/** What a worker does with a job that failed, in beanstalkd's words. */
export type Disposition =
  | { readonly action: 'release'; readonly delaySeconds: number }
  | { readonly action: 'bury'; readonly code: ErrorCode; readonly reason: string }
  /** A human must repair the account first; the sweep enqueues the work again after that. */
  | { readonly action: 'delete'; readonly reason: string };

/** A failed attempt at a job. */
export interface Attempt {
  readonly error: unknown;
  /** 1 for the first. A deferral counts as no attempt. */
  readonly number: number;
  /** Seconds since the job was put. */
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
  /** The number of attempts after which a job with an unexpected error is buried. */
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

const MAX_NAMED_DELAY_SECONDS = 24 * 3_600;

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

/** The delay that the other side named, within 0 and a day. */
function findNamedDelaySeconds(error: unknown): number | undefined {
  const namedMs = error instanceof TransientError ? error.retryAfterMs : undefined;
  if (namedMs === undefined || Number.isNaN(namedMs)) return undefined;
  return Math.min(Math.max(0, Math.ceil(namedMs / 1_000)), MAX_NAMED_DELAY_SECONDS);
}

const releaseOf = (attempt: Attempt, random: number, policy: RetryPolicy): Disposition => ({
  action: 'release',
  delaySeconds: findNamedDelaySeconds(attempt.error) ?? backOffSeconds(attempt, random, policy),
});

const buryOf = (code: ErrorCode, error: unknown): Disposition => ({ action: 'bury', code, reason: reasonOf(error) });

function decideForServiceError(error: ServiceError, attempt: Attempt, random: number, policy: RetryPolicy): Disposition {
  const { kind, isRetryable } = errorRuleOf(error.code);
  if (kind === 'blocked') return { action: 'delete', reason: error.message };
  const isTooOld = attempt.ageSeconds > policy.maxTransientAgeSeconds && !isDeferral(error);
  return isRetryable && !isTooOld ? releaseOf(attempt, random, policy) : buryOf(error.code, error);
}

/** The job that continues the work of an account's failed job: one that the sweep or the lease holder enqueues, or an earlier one. */
export type Continuation = 'sweep' | 'lease_holder' | 'earlier_job';

/**
 * Returns the job that may continue the work of an account's failed job, which then ends; undefined when the failed job alone
 * continues it. An account has at most one job in back-off, even if its webhooks enqueue many. A permanent error is never left to
 * another job, so that each one is buried.
 */
export function findContinuation(error: unknown): Continuation | undefined {
  if (hasErrorCode(error, 'account_paused')) return 'sweep';
  if (hasErrorCode(error, 'account_busy')) return 'lease_holder';
  return error instanceof TransientError ? 'earlier_job' : undefined;
}

/**
 * Decides by the rule of the error's code (DESIGN.md 6). Releases a transient error with a growing delay until the policy's maximum
 * age; releases a deferral at any age. Deletes the job of a blocked account. Buries any other error. Tries an error without
 * a code a few times first. `random` is between 0 and 1.
 */
export function decideDisposition(attempt: Attempt, random: number, policy: RetryPolicy = standardRetry): Disposition {
  const { error, number } = attempt;
  if (error instanceof ServiceError) return decideForServiceError(error, attempt, random, policy);
  return number < policy.maxUnexpectedAttempts ? releaseOf(attempt, random, policy) : buryOf('unexpected', error);
}
