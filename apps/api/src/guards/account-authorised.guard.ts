import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Config } from '#config';
import { AccountStore } from '#database';
import { Clock, requireUsableAccount } from '#domain';
import { requestAccountOf } from './account.guard.js';

/** Refuses requests for an account that is not authorised with 401 and the link to authorise it. */
@Injectable()
export class AccountAuthorisedGuard implements CanActivate {
  constructor(
    private readonly accounts: AccountStore,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const account = requestAccountOf(context.switchToHttp().getRequest<FastifyRequest>());
    if (account.kind !== 'named') return true;
    const { accountId } = account;
    const { publicUrl } = this.config;
    requireUsableAccount(await this.accounts.find(accountId), { accountId, use: 'show', nowMs: this.clock.nowMs(), publicUrl });
    return true;
  }
}
