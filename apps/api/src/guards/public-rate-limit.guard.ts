import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Config } from '#config';
import { Clock, type ErrorCode, InvalidInputError } from '#domain';
import { RateLimitedError } from '../http/failure.js';
import { type Audience, audienceOf } from './audience.decorator.js';
import { IpLimiter } from './ip-limiter.js';

type ClientRequest = Pick<FastifyRequest, 'ip'>;

/** Limits requests and refusals per client IP, in this process (`PUBLIC_RATE_LIMIT_PER_MINUTE`). */
@Injectable()
export class PublicRateLimit {
  private readonly limiter: IpLimiter;

  constructor(config: Config, clock: Clock) {
    this.limiter = new IpLimiter(config.publicRateLimitPerMinute, clock);
  }

  /** Counts one request of the client. Throws RateLimitedError when it is above the limit. */
  consume({ ip }: ClientRequest): void {
    const retryAfterSeconds = this.limiter.consume(ip);
    if (retryAfterSeconds !== undefined) throw new RateLimitedError(retryAfterSeconds);
  }

  /** Runs `work`, and counts one request when it throws InvalidInputError (only of `code`, if given). Throws what `work` throws, or RateLimitedError. */
  async consumeOnRefusal<T>(request: ClientRequest, work: () => Promise<T>, code?: ErrorCode<'invalid'>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof InvalidInputError && (code === undefined || error.code === code)) this.consume(request);
      throw error;
    }
  }
}

const LIMITED_AUDIENCES: ReadonlySet<Audience | undefined> = new Set<Audience>(['browser', 'widget']);

/** Limits the routes that a client reaches without the operator's token. */
@Injectable()
export class PublicRateLimitGuard implements CanActivate {
  constructor(private readonly rateLimit: PublicRateLimit) {}

  canActivate(context: ExecutionContext): boolean {
    if (LIMITED_AUDIENCES.has(audienceOf(context))) this.rateLimit.consume(context.switchToHttp().getRequest<FastifyRequest>());
    return true;
  }
}
