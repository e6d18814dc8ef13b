import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { map, type Observable } from 'rxjs';
import { ApiResult, NO_ENVELOPE, toSuccess } from './envelope.js';

/** Wraps what handlers return in the envelope, and sets the HTTP status of an ApiResult. */
@Injectable()
export class EnvelopeInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (this.reflector.get<boolean | undefined>(NO_ENVELOPE, context.getHandler())) return next.handle();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(map((result: unknown) => wrap(result, reply)));
  }
}

function wrap(result: unknown, reply: FastifyReply) {
  if (!(result instanceof ApiResult)) return toSuccess(result, reply.statusCode);
  const { code = reply.statusCode, message } = result.options;
  void reply.status(code);
  return toSuccess(result.data, code, message);
}
