import {
  InvalidInputError,
  isRecord,
  LONGEST_PAUSE_MS,
  type ServiceError,
  toItems,
  toPositiveInteger,
  toText,
  TransientError,
  type UnknownRecord,
  type VendorRefusal,
  valueAt,
} from '#domain';
import { KommoHostMovedError, KommoTokenRefusedError, KommoUnauthorizedError } from './kommo-errors.js';
import { isSuccess, type KommoResponse } from './kommo-response.js';

const SECOND_MS = 1_000;
const RATE_LIMIT_DEFAULT_SECONDS = 300;
const FORBIDDEN_RETRY_MS = 60 * SECOND_MS;
const PAYMENT_RETRY_MS = 3_600 * SECOND_MS;
const MAX_DETAIL_LENGTH = 300;

/** Creates the error for a response that is truncated, not JSON, or of another shape than documented. */
export const unreadableResponse = (what: string): TransientError =>
  new TransientError(`Kommo sent an unreadable response: ${what}`, { code: 'kommo_unavailable' });

function readRateLimitMs({ body, retryAfterHeader }: KommoResponse): number {
  const seconds = toPositiveInteger(valueAt(body, 'retry_after')) ?? toPositiveInteger(retryAfterHeader) ?? RATE_LIMIT_DEFAULT_SECONDS;
  return Math.min(seconds * SECOND_MS, LONGEST_PAUSE_MS);
}

/**
 * Returns the refusal that may concern every call from here: a used-up rate limit, or the plain text that a blocked IP gets
 * (reference/kommo.md 4.6). Undefined for a response about one account only.
 */
export function findRefusal(response: KommoResponse): VendorRefusal | undefined {
  if (response.status === 429) return { code: 'kommo_rate_limited', forMs: readRateLimitMs(response) };
  const isBlocked = response.status === 403 && response.body === undefined;
  return isBlocked ? { code: 'kommo_blocked', forMs: FORBIDDEN_RETRY_MS, isGrowing: true } : undefined;
}

/** The transient failures, equal for the API and the token endpoint. Undefined for any other status. */
function findTransientFailure(response: KommoResponse): TransientError | undefined {
  const { status } = response;
  if (status === 429)
    return new TransientError('Kommo limits the rate of requests', { code: 'kommo_rate_limited', retryAfterMs: readRateLimitMs(response) });
  if (status === 402)
    return new TransientError('Kommo requires payment for the account', { code: 'kommo_payment_required', retryAfterMs: PAYMENT_RETRY_MS });
  if (status === 403) return new TransientError('Kommo forbids the request', { code: 'kommo_forbidden', retryAfterMs: FORBIDDEN_RETRY_MS });
  const isRefusal = status >= 400 && status <= 499 && status !== 408;
  return isRefusal ? undefined : new TransientError(`Kommo responded with status ${status}`, { code: 'kommo_unavailable' });
}

function detailOf(body: unknown): string {
  const problems = toItems(valueAt(body, 'validation-errors'))
    .flatMap((request) => toItems(valueAt(request, 'errors')))
    .map((problem) => `${toText(valueAt(problem, 'path')) ?? '?'}: ${toText(valueAt(problem, 'detail')) ?? '?'}`);
  const detail = toText(valueAt(body, 'detail')) ?? toText(valueAt(body, 'title')) ?? 'no reason given';
  return [detail, ...problems].join('; ').slice(0, MAX_DETAIL_LENGTH);
}

/** Converts a response of the API other than 2xx to its error (reference/kommo.md 4.5). */
export function toApiFailure(response: KommoResponse): ServiceError {
  if (response.status === 401) return new KommoUnauthorizedError();
  const transient = findTransientFailure(response);
  if (transient) return transient;
  return new InvalidInputError(`Kommo rejected the request (${response.status}): ${detailOf(response.body)}`, { code: 'kommo_rejected' });
}

/** Reads the JSON object of a 2xx response. Undefined for 204, which means "nothing there" (reference/kommo.md 4.1, 4.3). */
export function readBody(response: KommoResponse): UnknownRecord | undefined {
  if (!isSuccess(response)) throw toApiFailure(response);
  if (response.status === 204) return undefined;
  if (!isRecord(response.body)) throw unreadableResponse('it is not a JSON object');
  return response.body;
}

/**
 * Whether a 404 means that the requested object does not exist. A host without an account also responds with 404 to every path,
 * with a page or with "Cannot GET …" (reference/kommo.md 4.5): this is false for those.
 */
export function isNotFound({ status, body }: KommoResponse): boolean {
  const detail = toText(valueAt(body, 'detail')) ?? '';
  return status === 404 && isRecord(body) && !detail.startsWith('Cannot ');
}

const hintOf = ({ status, body }: KommoResponse): string =>
  (toText(valueAt(body, 'hint')) ?? `${status} ${detailOf(body)}`).slice(0, MAX_DETAIL_LENGTH);

/**
 * Converts a response of the token endpoint other than 2xx to its error. A refusal is final (reference/kommo.md 1.4), except that
 * the old host of a renamed account responds with 401 or 404 to a refresh.
 */
export function toTokenFailure(response: KommoResponse, grant: 'authorization_code' | 'refresh_token'): ServiceError {
  const transient = findTransientFailure(response);
  if (transient) return transient;
  const mayHaveMoved = grant === 'refresh_token' && (response.status === 401 || response.status === 404);
  return mayHaveMoved ? new KommoHostMovedError(hintOf(response)) : new KommoTokenRefusedError(hintOf(response));
}
