import { findJsonExcess, parseJson } from '#domain';
import { type HttpResponse, ResponseTooLargeError } from '#http';

/** How much a response to one call may hold. */
export interface ResponseLimits {
  readonly maxResponseBytes: number;
  /** Names of objects and items of lists, on all levels. */
  readonly maxResponseItems: number;
}

/** A response of any status. */
export interface KommoResponse {
  readonly status: number;
  /** The body as JSON. Undefined when it is something else. */
  readonly body: unknown;
  readonly retryAfterHeader: string | undefined;
  /** Where a redirect leads, as received. */
  readonly location: string | undefined;
}

const MEBIBYTE = 1024 * 1024;
/** Kommo's responses need 10 (reference/kommo.md 4.2). */
const MAX_DEPTH = 32;

/** Few objects. An error page may be long. */
export const SMALL_RESPONSE: ResponseLimits = { maxResponseBytes: MEBIBYTE, maxResponseItems: 5_000 };
/** A contact with a hundred filled fields has 2,000 values. */
export const CONTACT_RESPONSE: ResponseLimits = { maxResponseBytes: MEBIBYTE, maxResponseItems: 20_000 };
/** A page of 250 contacts. */
export const PAGE_RESPONSE: ResponseLimits = { maxResponseBytes: 8 * MEBIBYTE, maxResponseItems: 400_000 };

/** Whether the status is 2xx. */
export const isSuccess = ({ status }: Pick<KommoResponse, 'status'>): boolean => status >= 200 && status <= 299;

/**
 * Parses the body of a response. Throws ResponseTooLargeError `kommo_unavailable` when a response with status 2xx has more values than
 * allowed; that of another status then has no body.
 */
export function parseResponse({ text, ...head }: HttpResponse, label: string, maxItems: number): KommoResponse {
  const isExcessive = findJsonExcess(text, { maxItems, maxDepth: MAX_DEPTH }) !== undefined;
  if (isExcessive && isSuccess(head)) throw new ResponseTooLargeError(label, `${maxItems} values`, 'kommo_unavailable');
  return { ...head, body: isExcessive ? undefined : parseJson(text) };
}
