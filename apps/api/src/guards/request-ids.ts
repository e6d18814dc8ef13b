import type { FastifyRequest } from 'fastify';

const ID = /^[1-9]\d{0,15}$/;
const ACCOUNT_FIELDS = ['id', 'account_id'] as const;

/** Reads a vendor's numeric id from digits or a JSON number; undefined for anything else. */
export function findId(value: unknown): number | undefined {
  const id = typeof value === 'string' && ID.test(value) ? Number(value) : value;
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : undefined;
}

/** Query and body in one object, unchecked. */
export const inputOf = (request: FastifyRequest): Record<string, unknown> => ({
  ...(request.query as Record<string, unknown> | undefined),
  ...(request.body as Record<string, unknown> | undefined),
});

/** Reads the account id of a request. A missing or bad one is refused later, by the input pipe, which names the field. */
export function findAccountId(request: FastifyRequest): number | 'absent' | 'malformed' {
  const input = inputOf(request);
  const given = ACCOUNT_FIELDS.map((field) => input[field]).find((value) => value !== undefined);
  if (given === undefined) return 'absent';
  return findId(given) ?? 'malformed';
}
