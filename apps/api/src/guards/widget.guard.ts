import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Config } from '#config';
import { InvalidInputError } from '#domain';
import { WidgetAuthority } from '#sync';
import { setActor } from '../audit/actor.js';
import { audienceOf } from './audience.decorator.js';
import { isOperator } from './operator.guard.js';
import { findAccountId } from './request-ids.js';

/** Requires, on routes of the audience `widget`, Kommo's disposable token of the requested account, or the operator's token. */
@Injectable()
export class WidgetGuard implements CanActivate {
  constructor(
    private readonly config: Config,
    private readonly authority: WidgetAuthority,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (audienceOf(context) !== 'widget') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (isOperator(request, this.config)) return true;
    const { accountId, userId } = await this.authority.authorize(tokenOf(request));
    setActor(request, `widget:${userId}`);
    const requested = findAccountId(request);
    if (typeof requested === 'number' && requested !== accountId) {
      throw new InvalidInputError('The token belongs to another account', { code: 'other_account' });
    }
    return true;
  }
}

function tokenOf(request: FastifyRequest): string {
  const token = request.headers['x-auth-token'];
  if (typeof token === 'string' && token !== '') return token;
  throw new InvalidInputError("Kommo's disposable token is required: send it in X-Auth-Token", { code: 'widget_token_refused' });
}
