import type { Reply } from '../http/message.js';
import { phpJson } from '../http/php.js';

const headers = { 'content-type': 'application/json; charset=utf-8' };

export function envelope(body: unknown, escapeUnicode: boolean): Reply {
  return { status: 200, headers, body: escapeUnicode ? phpJson(body) : JSON.stringify(body) };
}

/** Errors come with HTTP 200 (reference unisender 1.4). */
export function failure(code: string, error: string, extra: Record<string, unknown> = {}): Reply {
  return envelope({ error, code, ...extra }, true);
}

/** A method refused the call: `code` is machine-readable, the message is the `error` text. */
export class MethodError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly extra: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

export function invalidArgument(detail: string): MethodError {
  return new MethodError('invalid_arg', `SB000000-02 [${detail}]`);
}
