import type { FastifyRequest } from 'fastify';
import { findId } from '../http/fields.js';

const NAMES = ['id', 'account_id'] as const;

/** Query and body as they came; nothing of it was checked yet. */
export const inputOf = (request: FastifyRequest): Record<string, unknown> => ({
  ...(request.query as Record<string, unknown> | undefined),
  ...(request.body as Record<string, unknown> | undefined),
});

/** Where a request names its account: `absent` and `malformed` are for the validation to answer, which names the field. */
export function findAccountId(request: FastifyRequest): number | 'absent' | 'malformed' {
  const input = inputOf(request);
  const given = NAMES.map((name) => input[name]).find((value) => value !== undefined);
  if (given === undefined) return 'absent';
  return findId(given) ?? 'malformed';
}
