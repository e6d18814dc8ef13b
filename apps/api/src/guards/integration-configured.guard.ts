import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { IntegrationStore } from '#database';
import { InvalidInputError } from '#domain';
import { requestAccountOf } from './account.guard.js';

/** Refuses requests with 423 while no integration is saved. */
@Injectable()
export class IntegrationConfiguredGuard implements CanActivate {
  private isConfigured = false;

  constructor(private readonly integrations: IntegrationStore) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (requestAccountOf(context.switchToHttp().getRequest<FastifyRequest>()).kind === 'refused') return true;
    this.isConfigured ||= (await this.integrations.count()) > 0;
    if (this.isConfigured) return true;
    throw new InvalidInputError('No integration is saved yet: send one to POST /integration', { code: 'integration_missing' });
  }
}
