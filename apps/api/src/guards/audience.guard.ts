import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { BugError, type Caller } from '#domain';
import type { Audience } from './audience.decorator.js';
import { getCaller } from './caller.js';

/** The callers of each audience; undefined for anyone. */
const callersOf: Readonly<Record<Audience, readonly Caller['kind'][] | undefined>> = {
  public: undefined,
  browser: undefined,
  kommo: undefined,
  unisender: ['webhook'],
  operator: ['operator'],
  widget: ['operator', 'widget'],
};

/** Compares the audience of a route with the caller that the gate found. A difference is a fault in the gate, and refused. */
@Injectable()
export class AudienceGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { audience } = request.routeOptions.config;
    const { kind } = getCaller(request);
    if (audience !== undefined && callersOf[audience]?.includes(kind) !== false) return true;
    throw new BugError('The gate accepted a caller that the route does not accept', { code: 'audience_undeclared' });
  }
}
