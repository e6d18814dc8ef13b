import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { InvalidInputError } from '#domain';
import { WebhookTokens } from '#sync';
import { PublicRateLimit } from '../guards/public-rate-limit.guard.js';

/** Finds the account of a webhook URL. Requests with an unknown token count against the client. */
@Injectable()
export class WebhookAccounts {
  constructor(
    private readonly tokens: WebhookTokens,
    private readonly rateLimit: PublicRateLimit,
  ) {}

  /** Throws InvalidInputError `not_found`, or RateLimitedError. */
  async getByToken(token: string, request: Pick<FastifyRequest, 'ip'>): Promise<{ readonly accountId: number }> {
    const account = await this.tokens.findAccount(token);
    if (account) return account;
    this.rateLimit.consume(request);
    throw new InvalidInputError('Unknown URL', { code: 'not_found' });
  }
}
