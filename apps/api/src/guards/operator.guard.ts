import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { BugError, InvalidInputError } from '#domain';
import { type ApiConfig, CONFIG } from '../parts.js';
import { audienceOf } from './audience.js';
import { RateLimit } from './rate-limit.guard.js';

const BEARER = /^Bearer ([\x21-\x7e]{1,512})$/i;

/** Whether the request carries the operator's token. */
export function isOperator(request: Pick<FastifyRequest, 'headers'>, config: ApiConfig): boolean {
  const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
  return token !== undefined && config.operatorToken.matches(token);
}

/** Stands before every route; those of other audiences pass, those of none never do. */
@Injectable()
export class OperatorGuard implements CanActivate {
  constructor(
    @Inject(CONFIG) private readonly config: ApiConfig,
    private readonly rateLimit: RateLimit,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const audience = audienceOf(context);
    if (audience === undefined) throw new BugError('a route declares no audience', { code: 'audience_undeclared' });
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (audience !== 'operator' || isOperator(request, this.config)) return true;
    this.rateLimit.count(request);
    throw new InvalidInputError('This needs the operator: send Authorization: Bearer <OPERATOR_TOKEN>.', { code: 'operator_required' });
  }
}
