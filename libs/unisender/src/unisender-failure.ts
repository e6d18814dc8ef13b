import {
  BugError,
  isRecord,
  LONGEST_PAUSE_MS,
  parseJsonWithin,
  type Secret,
  type ServiceError,
  toPositiveInteger,
  toText,
  TransientError,
  valueAt,
} from '#domain';
import type { HttpResponse } from '#http';
import { hashKey } from './hash-key.js';
import {
  UnisenderKeyRefusedError,
  UnisenderMethodDeniedError,
  UnisenderRateLimitedError,
  UnisenderRejectedError,
} from './unisender-errors.js';

/** How much a response to one call may hold. */
export interface ResponseLimits {
  readonly maxBytes: number;
  /** Names of objects and items of lists, on all levels. */
  readonly maxItems: number;
}

/** Unisender's responses need 5 (reference/unisender.md 5.1). */
const MAX_DEPTH = 16;
const RATE_LIMIT_RETRY_MS = 60_000;
/** For a refused method; it doubles up to 15 minutes. */
const METHOD_RETRY_MS = 60_000;
/** A human must pay at Unisender. */
const HUMAN_RETRY_MS = LONGEST_PAUSE_MS;
/** No code for a limit of the tariff is documented. */
const TARIFF = /tariff|тариф/i;
const MAX_TEXT_LENGTH = 300;

/** Creates the error for a missing or unusable response. The call may have had its effect. */
export const unavailable = (what: string, cause?: unknown): TransientError =>
  new TransientError(`Unisender ${what}`, { code: 'unisender_unavailable', cause });

/** Removes the key from an error text: Unisender quotes the request in it (reference/unisender.md 1.4). */
const withoutKey = (text: string, key: string): string => text.replaceAll(key, '***').slice(0, MAX_TEXT_LENGTH);

const notEnoughMoney = (): TransientError =>
  new TransientError('The Unisender account has not enough money, or its tariff is used up', {
    code: 'unisender_not_enough_money',
    retryAfterMs: HUMAN_RETRY_MS,
  });

/** What an error is about. */
interface FailedCall {
  readonly method: string;
  readonly key: Secret;
}

/** Decides by the code, as texts differ by language and over time (reference/unisender.md 2.1), but for a limit of the tariff. */
function toFailure(code: string, text: string, { method, key }: FailedCall): ServiceError {
  switch (code) {
    case 'invalid_api_key':
      return new UnisenderKeyRefusedError(hashKey(key));
    case 'access_denied':
      return new UnisenderMethodDeniedError(method, METHOD_RETRY_MS);
    case 'api_call_limit_exceeded_for_api_key':
      return new UnisenderRateLimitedError('key', RATE_LIMIT_RETRY_MS);
    case 'api_call_limit_exceeded_for_ip':
      return new UnisenderRateLimitedError('ip', RATE_LIMIT_RETRY_MS);
    case 'retry_later':
      return unavailable('asks to retry later');
    case 'not_enough_money':
      return notEnoughMoney();
    case 'unknown_method':
      return new BugError('Unisender does not know the method', { code: 'unisender_unknown_method' });
    default:
      return TARIFF.test(`${code} ${text}`) ? notEnoughMoney() : new UnisenderRejectedError(code, text);
  }
}

const readRetryMs = (header: string | undefined): number =>
  Math.min(Math.max((toPositiveInteger(header) ?? 0) * 1_000, RATE_LIMIT_RETRY_MS), LONGEST_PAUSE_MS);

/**
 * Reads the `result` of a response. An error also has status 200, and an empty list or `false` is a success: only the key `error`
 * marks an error (reference/unisender.md 1.4). Throws the error of its code; TransientError for a response without an envelope, or
 * with more values than `maxItems`.
 */
export function readResult({ status, text, retryAfterHeader }: HttpResponse, call: FailedCall, maxItems: number): unknown {
  const body = parseJsonWithin(text, { maxItems, maxDepth: MAX_DEPTH });
  if (isRecord(body) && Object.hasOwn(body, 'error')) {
    const code = toText(valueAt(body, 'code')) ?? 'unspecified';
    throw toFailure(code, withoutKey(toText(valueAt(body, 'error')) ?? '', call.key.reveal()), call);
  }
  if (status === 429) throw new UnisenderRateLimitedError('ip', readRetryMs(retryAfterHeader));
  if (status === 413) throw new UnisenderRejectedError('http_413', 'the body of the call is too large');
  if (status !== 200) throw unavailable(`responded with status ${status}`);
  if (!isRecord(body) || !Object.hasOwn(body, 'result')) throw unavailable('sent an empty, truncated or too large response');
  return valueAt(body, 'result');
}
