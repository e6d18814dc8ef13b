import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { InvalidInputError } from '#domain';
import type { SyncServices } from '#sync';
import { rememberActor } from '../audit/actor.js';
import { type ApiConfig, CONFIG, SERVICES } from '../parts.js';
import { audienceOf } from './audience.js';
import { isOperator } from './operator.guard.js';
import { findAccountId } from './request-ids.js';

/** Stands before every route of the widget: Kommo's disposable token of the very account that is asked for, or the operator's. */
@Injectable()
export class WidgetGuard implements CanActivate {
  constructor(
    @Inject(CONFIG) private readonly config: ApiConfig,
    @Inject(SERVICES) private readonly services: Pick<SyncServices, 'widget'>,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (audienceOf(context) !== 'widget') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (isOperator(request, this.config)) return true;
    const { accountId, userId } = await this.services.widget.authorize(tokenOf(request));
    rememberActor(request, `widget:${userId}`);
    const asked = findAccountId(request);
    if (typeof asked === 'number' && asked !== accountId) {
      throw new InvalidInputError('The token is of another account.', { code: 'other_account' });
    }
    return true;
  }
}

function tokenOf(request: FastifyRequest): string {
  const token = request.headers['x-auth-token'];
  if (typeof token === 'string' && token !== '') return token;
  throw new InvalidInputError("This needs Kommo's disposable token in X-Auth-Token.", { code: 'widget_token_refused' });
}
