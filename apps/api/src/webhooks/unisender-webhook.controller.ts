import { Controller, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { UnisenderInbox } from '#sync';
import { Audience } from '../guards/audience.decorator.js';
import { PublicRateLimit } from '../guards/public-rate-limit.guard.js';
import { RawBody, toBytes } from '../http/body-parsers.js';
import { WebhookAccounts } from './webhook-accounts.js';

/** Receives Unisender's webhooks, which are signed over their exact bytes (reference/unisender.md 8.4). */
@Controller('unisender/webhook')
export class UnisenderWebhookController {
  constructor(
    private readonly inbox: UnisenderInbox,
    private readonly accounts: WebhookAccounts,
    private readonly rateLimit: PublicRateLimit,
  ) {}

  /** Unisender probes the URL before it accepts it (reference/unisender.md 8.2). */
  @Get(':token')
  @Audience('unisender')
  async probe(@Param('token') token: string, @Req() request: FastifyRequest) {
    await this.accounts.getByToken(token, request);
    return null;
  }

  @Post(':token')
  @HttpCode(200)
  @Audience('unisender')
  @RawBody()
  async receive(@Param('token') token: string, @Req() request: FastifyRequest) {
    const { accountId } = await this.accounts.getByToken(token, request);
    const receive = () => this.inbox.receive(accountId, toBytes(request.body));
    return this.rateLimit.consumeOnRefusal(request, receive, 'wrong_auth');
  }
}
