import { randomUUID } from 'node:crypto';
import { textResponse, type HttpResponse } from '../http/message.js';
import type { Switches } from '../switches.js';

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
};

const details: Readonly<Record<number, string>> = {
  401: 'Invalid user name or password',
  402: 'Payment required',
  405: 'Method Not Allowed',
};

/** An error response of the v4 API (reference kommo 4.5). */
export function kommoProblem(
  status: number,
  detail?: string,
  extra: Record<string, unknown> = {},
  before: Record<string, unknown> = {},
): HttpResponse {
  const title = titles[status];
  const body =
    title === undefined
      ? { title: 'ErrInternalServer', status, detail: detail ?? 'Internal server error', trace_id: randomUUID() }
      : { ...before, title, type: `https://httpstatus.es/${status}`, status, detail: detail ?? details[status] ?? title, ...extra };
  return { status, headers: { 'content-type': 'application/problem+json' }, body: JSON.stringify(body) };
}

/** A problem with one field of an entity. */
export interface FieldProblem {
  readonly code: string;
  readonly path: string;
  readonly detail: string;
}

/** A 400 response with the problems of each entity, by its request id. */
export function validationProblem(problems: readonly { requestId: string; errors: readonly FieldProblem[] }[]): HttpResponse {
  const list = problems.map(({ requestId, errors }) => ({ request_id: requestId, errors }));
  return kommoProblem(400, 'Request validation failed', {}, { 'validation-errors': list });
}

/** A 429 response in the switched form. */
export function tooManyRequests(switches: Switches): HttpResponse {
  if (switches.get('kommo.429_body') === 'text') return textResponse('Too Many Requests', 429);
  const detail = 'You have sent too many requests in a given amount of time. Please try again later.';
  return kommoProblem(429, detail, { retry_after: switches.get('kommo.retry_after_seconds') });
}

/** The response to a blocked client IP. */
export const blockedCaller: HttpResponse = { status: 403, headers: { 'content-type': 'text/plain' }, body: '403 Forbidden' };

/** An error response of the token endpoint. Captured bodies are in Russian (reference kommo 1.4). */
export function oauthProblem(hint: string, status = 400): HttpResponse {
  const body = {
    hint,
    title: 'Некорректный запрос',
    type: 'https://developers.amocrm.ru/v3/errors/OAuthProblemJson',
    status,
    detail: 'В запросе отсутствует ряд параметров или параметры невалидны',
  };
  return { status, headers: { 'content-type': 'application/problem+json' }, body: JSON.stringify(body) };
}

/** A successful response of the v4 API. */
export function halResponse(value: unknown): HttpResponse {
  return { status: 200, headers: { 'content-type': 'application/hal+json' }, body: JSON.stringify(value) };
}
