import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { InvalidInputError } from '#domain';
import { WidgetAuthority } from '#sync';
import { audienceOf } from './audience.decorator.js';
import { callerOf, setCaller } from './caller.js';

/** Requires, on routes of the audience `widget`, Kommo's disposable token or the operator's token. */
@Injectable()
export class WidgetGuard implements CanActivate {
  constructor(private readonly authority: WidgetAuthority) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (audienceOf(context) !== 'widget') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (callerOf(request).kind === 'operator') return true;
    setCaller(request, { kind: 'widget', ...(await this.authority.authorize(tokenOf(request))) });
    return true;
  }
}

function tokenOf(request: FastifyRequest): string {
  const token = request.headers['x-auth-token'];
  if (typeof token === 'string' && token !== '') return token;
  throw new InvalidInputError("Kommo's disposable token is required: send it in X-Auth-Token", { code: 'widget_token_refused' });
}
