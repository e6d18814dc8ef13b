import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { InvalidInputError } from '#domain';
import { type GuardStores, STORES } from '../parts.js';
import { findAccountId } from './request-ids.js';

/** Answers 423 while no integration is saved. */
@Injectable()
export class IntegrationConfiguredGuard implements CanActivate {
  private isConfigured = false;

  constructor(@Inject(STORES) private readonly stores: GuardStores) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (findAccountId(context.switchToHttp().getRequest<FastifyRequest>()) === 'malformed') return true;
    this.isConfigured ||= (await this.stores.integrations.count()) > 0;
    if (this.isConfigured) return true;
    throw new InvalidInputError('No integration is saved yet: send one to POST /integration.', { code: 'integration_missing' });
  }
}
