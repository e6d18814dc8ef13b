import type { HttpResponse } from '../http/message.js';
import { phpJson } from '../http/php.js';

const headers = { 'content-type': 'application/json; charset=utf-8' };

/** A response with this body. */
export function envelope(body: unknown, escapeUnicode: boolean): HttpResponse {
  return { status: 200, headers, body: escapeUnicode ? phpJson(body) : JSON.stringify(body) };
}

/** An error response. Its status is 200 (reference unisender 1.4). */
export function failure(code: string, error: string, extra: Record<string, unknown> = {}): HttpResponse {
  return envelope({ error, code, ...extra }, true);
}

/** A method refuses the call. `code` is the error code of the response, the message its `error` text. */
export class MethodError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly extra: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

/** An error with the code `invalid_arg`. */
export function invalidArgument(detail: string): MethodError {
  return new MethodError('invalid_arg', `SB000000-02 [${detail}]`);
}
