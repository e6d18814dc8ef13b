import { Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { UnisenderInbox } from '#sync';
import { Documented } from '../docs/documented.decorator.js';
import { Audience } from '../guards/audience.decorator.js';
import { getWebhookAccountId } from '../guards/caller.js';
import { RefusalLimits } from '../guards/refusal-limits.js';
import { RawBody } from '../http/body-limits.js';
import { toBytes } from '../http/body-parsers.js';

const exampleToken = { token: 'the-token-in-the-webhook-url' };

/** Receives Unisender's webhooks, which are signed over their exact bytes (reference/unisender.md 8.4). */
@Controller('unisender/webhook')
export class UnisenderWebhookController {
  constructor(
    private readonly inbox: UnisenderInbox,
    private readonly limits: RefusalLimits,
  ) {}

  /** Unisender probes the URL before it accepts it (reference/unisender.md 8.2). */
  @Get(':token')
  @Audience('unisender')
  @Documented({ summary: "Responds to Unisender's probe of the URL", example: { path: exampleToken } })
  probe(): null {
    return null;
  }

  @Post(':token')
  @HttpCode(200)
  @Audience('unisender')
  @RawBody()
  @Documented({
    summary: "Receives Unisender's webhooks: unsubscribes and other changes of a status",
    description: 'The field `auth` signs the exact bytes of the body with the key of the account.',
    data: 'UnisenderHookResponse',
    body: { type: 'object', required: ['auth'], properties: { auth: { type: 'string' } } },
    errors: ['wrong_auth'],
    example: { path: exampleToken, body: { auth: '0123456789abcdef0123456789abcdef', events_by_user: [] } },
  })
  async receive(@Req() request: FastifyRequest) {
    const accountId = getWebhookAccountId(request);
    const receive = () => this.inbox.receive(accountId, toBytes(request.body));
    return this.limits.consumeOnRefusal({ request, purpose: 'webhook', code: 'wrong_auth' }, receive);
  }
}
