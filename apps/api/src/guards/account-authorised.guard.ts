import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AccountBlockedError } from '#domain';
import { type ApiConfig, CONFIG, type GuardStores, STORES } from '../parts.js';
import { findAccountId } from './request-ids.js';

const UNAUTHORISED = new Set(['pending_authorization', 'disconnected']);

/** Answers 401 with what to do for an account that nobody has authorised. */
@Injectable()
export class AccountAuthorisedGuard implements CanActivate {
  constructor(
    @Inject(STORES) private readonly stores: GuardStores,
    @Inject(CONFIG) private readonly config: ApiConfig,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const accountId = findAccountId(context.switchToHttp().getRequest<FastifyRequest>());
    if (typeof accountId !== 'number') return true;
    const account = await this.stores.accounts.find(accountId);
    if (account && !UNAUTHORISED.has(account.status)) return true;
    const link = `${this.config.publicUrl}/auth?id=${accountId}`;
    throw new AccountBlockedError(`Account ${accountId} is not authorised: open ${link} in a browser and allow the access.`, {
      block: 'reauthorization_required',
    });
  }
}
