import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { valueAt } from '#domain';
import { type AuditedAction, AuditLog } from '#sync';
import { requestAccountOf } from '../guards/account.guard.js';
import { getCaller } from '../guards/caller.js';
import { findId } from '../guards/request-ids.js';
import { ApiResult } from '../http/envelope.js';
import { actorOf } from './actor.js';
import type { AuditedRoute } from './audited.decorator.js';
import { readDetails } from './audited-details.js';

/** Records each call of an audited route with its outcome, success or failure. */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  constructor(private readonly audit: AuditLog) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { audited } = request.routeOptions.config;
    if (!audited) return next.handle();
    const work = () => lastValueFrom<unknown, unknown>(next.handle(), { defaultValue: undefined });
    return from(this.audit.record(toAuditedAction(audited, request), work, accountIdOf));
  }
}

function toAuditedAction({ action, details }: AuditedRoute, request: FastifyRequest): AuditedAction {
  const account = requestAccountOf(request);
  return {
    actor: actorOf(getCaller(request)),
    action,
    accountId: account.kind === 'named' ? account.accountId : undefined,
    details: readDetails(inputOf(request), details),
  };
}

/** The input of a handler: the query, the body, and the path. A name in the body wins over one in the query. */
const inputOf = ({ query, body, params }: FastifyRequest): Record<string, unknown> => ({
  ...(query as Record<string, unknown> | undefined),
  ...(body as Record<string, unknown> | undefined),
  ...(params as Record<string, unknown>),
});

const accountIdOf = (result: unknown) => findId(valueAt(result instanceof ApiResult ? result.data : result, 'account_id'));
