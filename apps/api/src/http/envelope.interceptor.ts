import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { map, type Observable } from 'rxjs';
import { Answer, BARE, toSuccess } from './answer.js';

/** Puts what handlers return into the envelope, whose code is the HTTP status. */
@Injectable()
export class EnvelopeInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (this.reflector.get<boolean | undefined>(BARE, context.getHandler())) return next.handle();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(map((result: unknown) => wrap(result, reply)));
  }
}

function wrap(result: unknown, reply: FastifyReply) {
  if (!(result instanceof Answer)) return toSuccess(result, reply.statusCode);
  const { code = reply.statusCode, message } = result.options;
  void reply.status(code);
  return toSuccess(result.data, code, message);
}
