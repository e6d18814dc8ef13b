import { type ArgumentMetadata, type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyRequest } from 'fastify';
import { from, type Observable } from 'rxjs';
import { type FieldProblem, InvalidInputError } from '#domain';
import { InputPipe } from '../http/input.pipe.js';
import { requestAccountOf } from './account.guard.js';

const SOURCES = [
  [RouteParamtypes.PARAM, 'param', 'params'],
  [RouteParamtypes.QUERY, 'query', 'query'],
  [RouteParamtypes.BODY, 'body', 'body'],
] as const;

interface DeclaredArgument {
  readonly index: number;
}

/** What the input pipe checks of a request: each value with the class that its handler declares. */
function listArguments(context: ExecutionContext): { readonly value: unknown; readonly metadata: ArgumentMetadata }[] {
  const handler = context.getHandler().name;
  const controller = context.getClass();
  const declared = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, handler) ?? {}) as Record<string, DeclaredArgument>;
  const types = (Reflect.getMetadata('design:paramtypes', controller.prototype as object, handler) ?? []) as ArgumentMetadata['metatype'][];
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  return Object.entries(declared).flatMap(([key, { index }]) => {
    const source = SOURCES.find(([type]) => key.startsWith(`${type}:`));
    return source ? [{ value: request[source[2]], metadata: { type: source[1], metatype: types[index] } as ArgumentMetadata }] : [];
  });
}

/**
 * Refuses a request whose account is refused, with every other bad field of its input. Runs inside the audit interceptor, so
 * that the audit log has the attempt, and before the handler.
 */
@Injectable()
export class AccountRefusalInterceptor implements NestInterceptor {
  private readonly pipe = new InputPipe();

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const account = requestAccountOf(context.switchToHttp().getRequest<FastifyRequest>());
    return account.kind === 'refused' ? from(this.refuse(context, account.fields)) : next.handle();
  }

  private async refuse(context: ExecutionContext, fields: readonly FieldProblem[]): Promise<never> {
    const others = await Promise.all(listArguments(context).map(({ value, metadata }) => this.findProblems(value, metadata)));
    throw InvalidInputError.ofFields([...fields, ...others.flat()]);
  }

  private async findProblems(value: unknown, metadata: ArgumentMetadata): Promise<readonly FieldProblem[]> {
    try {
      await this.pipe.transform(value, metadata);
      return [];
    } catch (error) {
      if (error instanceof InvalidInputError) return error.fields;
      throw error;
    }
  }
}
