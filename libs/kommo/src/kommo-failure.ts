import {
  InvalidInputError,
  isRecord,
  parseJson,
  type ServiceError,
  toItems,
  toPositiveInteger,
  toText,
  TransientError,
  valueAt,
} from '#domain';
import type { HttpResponse } from '#http';
import { KommoHostMovedError, KommoTokenRefusedError, KommoUnauthorizedError } from './kommo-errors.js';

const SECOND_MS = 1_000;
const RATE_LIMIT_DEFAULT_SECONDS = 300;
const RATE_LIMIT_MAX_SECONDS = 86_400;
const FORBIDDEN_RETRY_MS = 60 * SECOND_MS;
const PAYMENT_RETRY_MS = 3_600 * SECOND_MS;
const MAX_DETAIL_LENGTH = 300;

/** Whether it is any 2xx. */
export const isSuccess = ({ status }: HttpResponse): boolean => status >= 200 && status <= 299;

/** An answer that cannot be what Kommo meant to say: cut off, not JSON, or of another shape. */
export const unreadableResponse = (what: string): TransientError =>
  new TransientError(`Kommo's answer cannot be read: ${what}`, { code: 'kommo_unavailable' });

function rateLimited({ text, retryAfterHeader }: HttpResponse): TransientError {
  const asked = toPositiveInteger(valueAt(parseJson(text), 'retry_after')) ?? toPositiveInteger(retryAfterHeader);
  const seconds = Math.min(asked ?? RATE_LIMIT_DEFAULT_SECONDS, RATE_LIMIT_MAX_SECONDS);
  return new TransientError('Kommo limits the rate of requests', { code: 'kommo_rate_limited', retryAfterMs: seconds * SECOND_MS });
}

/**
 * For how long Kommo refuses everybody who calls from here: a spent rate limit, and the plain text of a blocked address
 * (reference/kommo.md 4.6). Undefined when the answer is about one account only.
 */
export function findVendorPauseMs(answer: HttpResponse): number | undefined {
  if (answer.status === 429) return rateLimited(answer).retryAfterMs;
  return answer.status === 403 && parseJson(answer.text) === undefined ? FORBIDDEN_RETRY_MS : undefined;
}

/** The failures that may end by themselves, the same for the API and the token endpoint; undefined for any other status. */
function findTransientFailure(answer: HttpResponse): TransientError | undefined {
  const { status } = answer;
  if (status === 429) return rateLimited(answer);
  if (status === 402)
    return new TransientError('The Kommo account is not paid', { code: 'kommo_payment_required', retryAfterMs: PAYMENT_RETRY_MS });
  if (status === 403) return new TransientError('Kommo forbids the request', { code: 'kommo_forbidden', retryAfterMs: FORBIDDEN_RETRY_MS });
  const isRefusal = status >= 400 && status <= 499 && status !== 408;
  return isRefusal ? undefined : new TransientError(`Kommo answered with status ${status}`, { code: 'kommo_unavailable' });
}

function detailOf(text: string): string {
  const body = parseJson(text);
  const problems = toItems(valueAt(body, 'validation-errors'))
    .flatMap((request) => toItems(valueAt(request, 'errors')))
    .map((problem) => `${toText(valueAt(problem, 'path')) ?? '?'}: ${toText(valueAt(problem, 'detail')) ?? '?'}`);
  const detail = toText(valueAt(body, 'detail')) ?? toText(valueAt(body, 'title')) ?? 'no reason given';
  return [detail, ...problems].join('; ').slice(0, MAX_DETAIL_LENGTH);
}

/** What an API answer other than 2xx means (reference/kommo.md 4.5). */
export function toApiFailure(answer: HttpResponse): ServiceError {
  if (answer.status === 401) return new KommoUnauthorizedError();
  const transient = findTransientFailure(answer);
  if (transient) return transient;
  return new InvalidInputError(`Kommo rejected the request (${answer.status}): ${detailOf(answer.text)}`, { code: 'kommo_rejected' });
}

/**
 * Whether a 404 says that the thing asked for is not there. Every path answers 404 under a host that is no account's any
 * more, with a page or with "Cannot GET …" (reference/kommo.md 4.5): that is no absence.
 */
export function isAbsence({ status, text }: HttpResponse): boolean {
  const body = parseJson(text);
  const detail = toText(valueAt(body, 'detail')) ?? '';
  return status === 404 && isRecord(body) && !detail.startsWith('Cannot ');
}

const hintOf = ({ status, text }: HttpResponse): string =>
  (toText(valueAt(parseJson(text), 'hint')) ?? `${status} ${detailOf(text)}`).slice(0, MAX_DETAIL_LENGTH);

/** What a token endpoint's answer other than 2xx means: any refusal is final (reference/kommo.md 1.4), except that a renamed account answers 401 or 404 to a refresh. */
export function toTokenFailure(answer: HttpResponse, grant: 'authorization_code' | 'refresh_token'): ServiceError {
  const transient = findTransientFailure(answer);
  if (transient) return transient;
  const mayHaveMoved = grant === 'refresh_token' && (answer.status === 401 || answer.status === 404);
  return mayHaveMoved ? new KommoHostMovedError(hintOf(answer)) : new KommoTokenRefusedError(hintOf(answer));
}
