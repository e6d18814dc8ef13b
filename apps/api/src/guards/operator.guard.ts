import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Config } from '#config';
import { BugError, InvalidInputError } from '#domain';
import { audienceOf } from './audience.decorator.js';
import { setCaller } from './caller.js';
import { PublicRateLimit } from './public-rate-limit.guard.js';

const BEARER = /^Bearer ([\x21-\x7e]{1,512})$/i;

/** Whether the request carries the operator's token. */
export function isOperator(request: Pick<FastifyRequest, 'headers'>, config: Config): boolean {
  const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
  return token !== undefined && config.operatorToken.matches(token);
}

/** Requires the operator's token on routes of the audience `operator`, and refuses every route without an audience. */
@Injectable()
export class OperatorGuard implements CanActivate {
  constructor(
    private readonly config: Config,
    private readonly rateLimit: PublicRateLimit,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const audience = audienceOf(context);
    if (audience === undefined) throw new BugError('The route declares no audience', { code: 'audience_undeclared' });
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (isOperator(request, this.config)) {
      setCaller(request, { kind: 'operator' });
      return true;
    }
    if (audience !== 'operator') return true;
    this.rateLimit.consume(request);
    throw new InvalidInputError("The operator's token is required: send Authorization: Bearer <OPERATOR_TOKEN>", {
      code: 'operator_required',
    });
  }
}
