import {
  BugError,
  isRecord,
  LONGEST_PAUSE_MS,
  parseJsonWithin,
  type ServiceError,
  toPositiveInteger,
  toText,
  TransientError,
  valueAt,
} from '#domain';
import type { HttpResponse } from '#http';
import { UnisenderKeyRefusedError, UnisenderRateLimitedError, UnisenderRejectedError } from './unisender-errors.js';

/** How much a response to one call may hold. */
export interface ResponseLimits {
  readonly maxBytes: number;
  /** Names of objects and items of lists, on all levels. */
  readonly maxItems: number;
}

/** Unisender's responses need 5 (reference/unisender.md 5.1). */
const MAX_DEPTH = 16;
const RATE_LIMIT_RETRY_MS = 60_000;
const MONEY_RETRY_MS = 3_600_000;
const MAX_TEXT_LENGTH = 300;

/** Creates the error for a missing or unusable response. The call may have had its effect. */
export const unavailable = (what: string, cause?: unknown): TransientError =>
  new TransientError(`Unisender ${what}`, { code: 'unisender_unavailable', cause });

/** Removes the key from an error text: Unisender quotes the request in it (reference/unisender.md 1.4). */
const withoutKey = (text: string, key: string): string => text.replaceAll(key, '***').slice(0, MAX_TEXT_LENGTH);

/** Decides by the code only; texts differ by language and over time (reference/unisender.md 2.1). */
function toFailure(code: string, text: string): ServiceError {
  switch (code) {
    case 'invalid_api_key':
    case 'access_denied':
      return new UnisenderKeyRefusedError();
    case 'api_call_limit_exceeded_for_api_key':
      return new UnisenderRateLimitedError('key', RATE_LIMIT_RETRY_MS);
    case 'api_call_limit_exceeded_for_ip':
      return new UnisenderRateLimitedError('ip', RATE_LIMIT_RETRY_MS);
    case 'retry_later':
      return unavailable('asks to retry later');
    case 'not_enough_money':
      return new TransientError('The Unisender account has not enough money', {
        code: 'unisender_not_enough_money',
        retryAfterMs: MONEY_RETRY_MS,
      });
    case 'unknown_method':
      return new BugError('Unisender does not know the method', { code: 'unisender_unknown_method' });
    default:
      return new UnisenderRejectedError(code, text);
  }
}

const readRetryMs = (header: string | undefined): number =>
  Math.min(Math.max((toPositiveInteger(header) ?? 0) * 1_000, RATE_LIMIT_RETRY_MS), LONGEST_PAUSE_MS);

/**
 * Reads the `result` of a response. An error also has status 200, and an empty list or `false` is a success: only the key `error`
 * marks an error (reference/unisender.md 1.4). Throws the error of its code; TransientError for a response without an envelope, or
 * with more values than `maxItems`.
 */
export function readResult({ status, text, retryAfterHeader }: HttpResponse, key: string, maxItems: number): unknown {
  const body = parseJsonWithin(text, { maxItems, maxDepth: MAX_DEPTH });
  if (isRecord(body) && Object.hasOwn(body, 'error')) {
    const code = toText(valueAt(body, 'code')) ?? 'unspecified';
    throw toFailure(code, withoutKey(toText(valueAt(body, 'error')) ?? '', key));
  }
  if (status === 429) throw new UnisenderRateLimitedError('ip', readRetryMs(retryAfterHeader));
  if (status !== 200) throw unavailable(`responded with status ${status}`);
  if (!isRecord(body) || !Object.hasOwn(body, 'result')) throw unavailable('sent an empty, truncated or too large response');
  return valueAt(body, 'result');
}
