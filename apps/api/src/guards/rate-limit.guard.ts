import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { RateLimitedError } from '../http/failure.js';
import { AddressLimiter } from './address-limiter.js';
import { audienceOf } from './audience.js';

/** Keeps one address from trying too often, on routes that anyone can reach and wherever a token is refused. */
@Injectable()
export class RateLimit {
  constructor(private readonly limiter: AddressLimiter) {}

  /** Throws RateLimitedError when the request is one too many. */
  count(request: Pick<FastifyRequest, 'ip'>): void {
    const seconds = this.limiter.hit(request.ip);
    if (seconds !== undefined) throw new RateLimitedError(seconds);
  }
}

@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(private readonly rateLimit: RateLimit) {}

  canActivate(context: ExecutionContext): boolean {
    const audience = audienceOf(context);
    if (audience === 'browser' || audience === 'widget') this.rateLimit.count(context.switchToHttp().getRequest<FastifyRequest>());
    return true;
  }
}
