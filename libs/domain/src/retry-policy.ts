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
  /** 1 for the first. */
  readonly number: number;
  readonly ageSeconds: number;
}

const FIRST_DELAY_SECONDS = 1;
const EARLY_CAP_SECONDS = 60;
const EARLY_SECONDS = 600;
const LATE_CAP_SECONDS = 600;
const MAX_UNEXPECTED_ATTEMPTS = 5;
const MAX_TRANSIENT_AGE_SECONDS = 24 * 3_600;
const JITTER = 0.2;

/** 1 s doubling to 60 s, after ten minutes up to 10 min, spread by a fifth so that jobs which failed together do not return together. */
export function backOffSeconds({ number, ageSeconds }: Pick<Attempt, 'number' | 'ageSeconds'>, random: number): number {
  const cap = ageSeconds < EARLY_SECONDS ? EARLY_CAP_SECONDS : LATE_CAP_SECONDS;
  const exact = Math.min(FIRST_DELAY_SECONDS * 2 ** Math.min(number - 1, 20), cap);
  return Math.max(1, Math.round(exact * (1 - JITTER + 2 * JITTER * random)));
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function releaseOf(error: unknown, attempt: Attempt, random: number): Disposition {
  const wished = error instanceof TransientError ? error.retryAfterMs : undefined;
  return { action: 'release', delaySeconds: wished === undefined ? backOffSeconds(attempt, random) : Math.ceil(wished / 1_000) };
}

/**
 * Decides by the kind of error alone (DESIGN.md 6): what time may heal is released, what a human must mend for the account
 * ends, all else is buried with its reason. An error nobody foresaw is tried five times. Never deletes what failed.
 */
export function decideDisposition(attempt: Attempt, random: number): Disposition {
  const { error, number, ageSeconds } = attempt;
  if (error instanceof AccountBlockedError) return { action: 'delete', reason: error.message };
  if (error instanceof TransientError) {
    const isTooOld = ageSeconds > MAX_TRANSIENT_AGE_SECONDS;
    return isTooOld ? { action: 'bury', code: error.code, reason: reasonOf(error) } : releaseOf(error, attempt, random);
  }
  if (error instanceof ServiceError) return { action: 'bury', code: error.code, reason: reasonOf(error) };
  if (number < MAX_UNEXPECTED_ATTEMPTS) return releaseOf(error, attempt, random);
  return { action: 'bury', code: 'unexpected', reason: reasonOf(error) };
}
