import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

/** A received request with its whole body. `host` is in lower case and has no port; `query` has no question mark. */
export interface IncomingCall {
  readonly method: string;
  readonly host: string;
  readonly authority: string;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly remoteAddress: string;
}

/** How a fault breaks the response: no response, a closed connection, or half of the body. */
export type Breakage = 'hang' | 'reset' | 'half';

/** A response of an emulated vendor or of the control API. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | Readable;
  readonly breakage?: Breakage;
}

/** 204 */
export const noContent: HttpResponse = { status: 204, headers: {}, body: '' };

/** A JSON response. */
export function jsonResponse(value: unknown, status = 200): HttpResponse {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(value) };
}

/** A plain text response. */
export function textResponse(text: string, status = 200): HttpResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: text };
}

/** An HTML page. */
export function htmlResponse(html: string, status = 200): HttpResponse {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body: html };
}

/** A 301 redirect. */
export function movedResponse(location: string): HttpResponse {
  return { status: 301, headers: { location }, body: '' };
}

/** A 302 redirect. */
export function redirectResponse(location: string): HttpResponse {
  return { status: 302, headers: { location }, body: '' };
}
