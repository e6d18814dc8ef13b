import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { valueAt } from '#domain';
import type { AuditedAction, SyncServices } from '#sync';
import { findAccountId, inputOf } from '../guards/request-ids.js';
import { ApiResult } from '../http/envelope.js';
import { findId } from '../http/fields.js';
import { SERVICES } from '../parts.js';
import { actorOf } from './actor.js';
import { type AuditedRoute, findAudited } from './audited.js';
import { readDetails } from './audited-details.js';

/** Writes down what is asked for on routes that change something, whether it succeeds or is refused. */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  constructor(@Inject(SERVICES) private readonly services: Pick<SyncServices, 'audit'>) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const route = findAudited(context.getHandler());
    if (!route) return next.handle();
    const action = toAuditedAction(route, context.switchToHttp().getRequest<FastifyRequest>());
    const work = () => lastValueFrom<unknown, unknown>(next.handle(), { defaultValue: undefined });
    return from(this.services.audit.record(action, work, accountIdOf));
  }
}

function toAuditedAction({ action, fields }: AuditedRoute, request: FastifyRequest): AuditedAction {
  const accountId = findAccountId(request);
  const input = { ...inputOf(request), ...(request.params as Record<string, unknown>) };
  return {
    actor: actorOf(request),
    action,
    accountId: typeof accountId === 'number' ? accountId : undefined,
    details: readDetails(input, fields),
  };
}

const accountIdOf = (result: unknown) => findId(valueAt(result instanceof ApiResult ? result.data : result, 'account_id'));
