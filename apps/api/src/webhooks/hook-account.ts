import type { FastifyRequest } from 'fastify';
import { InvalidInputError } from '#domain';
import type { SyncServices } from '#sync';
import type { RateLimit } from '../guards/rate-limit.guard.js';

/** The account behind a hook's address. An unknown one counts against its sender; throws 404 or 429 then. */
export async function findHookAccount(
  inbox: SyncServices['inbox'],
  token: string,
  request: FastifyRequest,
  rateLimit: RateLimit,
): Promise<{ accountId: number }> {
  const account = await inbox.findAccountByToken(token);
  if (account) return account;
  rateLimit.count(request);
  throw new InvalidInputError('There is nothing at this address.', { code: 'not_found' });
}
