import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Config } from '#config';
import { AccountStore } from '#database';
import { AccountBlockedError } from '#domain';
import { findAccountId } from './request-ids.js';

const UNAUTHORISED = new Set(['pending_authorization', 'disconnected']);

/** Refuses requests for an account that is not authorised with 401 and the link to authorise it. */
@Injectable()
export class AccountAuthorisedGuard implements CanActivate {
  constructor(
    private readonly accounts: AccountStore,
    private readonly config: Config,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const accountId = findAccountId(context.switchToHttp().getRequest<FastifyRequest>());
    if (typeof accountId !== 'number') return true;
    const account = await this.accounts.find(accountId);
    if (account && !UNAUTHORISED.has(account.status)) return true;
    const link = `${this.config.publicUrl}/auth?id=${accountId}`;
    throw new AccountBlockedError(`Account ${accountId} is not authorised: open ${link} in a browser and allow the access`, {
      code: 'reauthorization_required',
    });
  }
}
