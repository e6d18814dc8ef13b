import { Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { InvalidInputError } from '#domain';
import type { SyncServices } from '#sync';
import { Audience } from '../guards/audience.js';
import { RateLimit } from '../guards/rate-limit.guard.js';
import { RawBody, toBytes } from '../http/body-parsers.js';
import { SERVICES } from '../parts.js';
import { findHookAccount } from './hook-account.js';

/** Unisender's hooks: signed over their very bytes (reference/unisender.md 8.4). */
@Controller('unisender/webhook')
export class UnisenderWebhookController {
  constructor(
    @Inject(SERVICES) private readonly services: Pick<SyncServices, 'inbox'>,
    private readonly rateLimit: RateLimit,
  ) {}

  /** Unisender looks whether anyone is there before it accepts the address (reference/unisender.md 8.2). */
  @Get(':token')
  @Audience('unisender')
  async probe(@Param('token') token: string, @Req() request: FastifyRequest) {
    await findHookAccount(this.services.inbox, token, request, this.rateLimit);
    return null;
  }

  @Post(':token')
  @HttpCode(200)
  @Audience('unisender')
  @RawBody()
  async receive(@Param('token') token: string, @Req() request: FastifyRequest) {
    const { accountId } = await findHookAccount(this.services.inbox, token, request, this.rateLimit);
    try {
      return await this.services.inbox.receiveUnisender(accountId, toBytes(request.body));
    } catch (error) {
      if (error instanceof InvalidInputError && error.code === 'wrong_auth') this.rateLimit.count(request);
      throw error;
    }
  }
}
