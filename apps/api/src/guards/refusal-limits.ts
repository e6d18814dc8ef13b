import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Config } from '#config';
import { Clock, type ErrorCode, InvalidInputError, TooManyRequestsError } from '#domain';
import { ClientIps } from '../http/client-ip.js';
import { RateLimitedError } from '../http/failure.js';
import { ClientLimiter } from './client-limiter.js';

/** What a refused request was for. A client that is above the limit for one purpose is not limited for another. */
const purposes = ['operator', 'widget', 'webhook', 'consent', 'uninstall', 'unknown_url'] as const;

export type RefusalPurpose = (typeof purposes)[number];

type ClientRequest = Pick<FastifyRequest, 'headers' | 'socket'>;

/** The header, whose lines Node joins with commas. */
const forwardedForOf = ({ headers }: ClientRequest) => [headers['x-forwarded-for']].flat().join(',');

/** Limits refusals for each client IP and purpose, in this process (`PUBLIC_RATE_LIMIT_PER_MINUTE`). */
@Injectable()
export class RefusalLimits {
  private readonly limiters: ReadonlyMap<RefusalPurpose, ClientLimiter>;
  private readonly clientIps: ClientIps;

  constructor(config: Config, clock: Clock) {
    this.limiters = new Map(purposes.map((purpose) => [purpose, new ClientLimiter(config.publicRateLimitPerMinute, clock)]));
    this.clientIps = new ClientIps(config.trustProxy);
  }

  /** Counts one refusal of the client. Throws RateLimitedError when the client is above the limit. */
  consume(request: ClientRequest, purpose: RefusalPurpose): void {
    const ip = this.clientIps.find({ remoteAddress: request.socket.remoteAddress, forwardedFor: forwardedForOf(request) });
    const retryAfterSeconds = this.limiters.get(purpose)?.consume(ip);
    if (retryAfterSeconds !== undefined) throw new RateLimitedError(retryAfterSeconds);
  }

  /**
   * Runs `work`, and counts when it throws InvalidInputError (only of `code`, if given), but not for a limit of its own. Throws what
   * `work` throws, or RateLimitedError.
   */
  async consumeOnRefusal<T>(
    { request, purpose, code }: { request: ClientRequest; purpose: RefusalPurpose; code?: ErrorCode<'invalid'> },
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const isRefusal = error instanceof InvalidInputError && !(error instanceof TooManyRequestsError);
      if (isRefusal && (code === undefined || error.code === code)) this.consume(request, purpose);
      throw error;
    }
  }
}
