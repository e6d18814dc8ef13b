import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AccountGate } from '#sync';
import { requestAccountOf } from './account.guard.js';

/** Refuses requests for an account that is not authorised with 401 and the link to authorise it. */
@Injectable()
export class AccountAuthorisedGuard implements CanActivate {
  constructor(private readonly gate: AccountGate) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const account = requestAccountOf(context.switchToHttp().getRequest<FastifyRequest>());
    if (account.kind === 'named') await this.gate.get(account.accountId, 'show');
    return true;
  }
}
