import { createHash } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { InvalidInputError, Logger } from '#domain';
import { KommoInbox, type ReceivedHook } from '#sync';
import { getWebhookAccountId } from '../guards/caller.js';
import { rawBody } from '../http/body-limits.js';
import { decodeByType, toBytes } from '../http/body-parsers.js';
import { toSuccess } from '../http/envelope.js';
import { sendFailure } from '../http/failure.filter.js';

type Decoded = { readonly body: unknown } | { readonly unreadable: string };

const routeConfig: FastifyContextConfig = { audience: 'kommo', ...rawBody };

/**
 * Receives Kommo's webhooks. Responds 200 only when every event is committed. The one route on Fastify itself: a webhook needs
 * none of Nest's guards, pipes and interceptors, which would double its cost.
 */
@Injectable()
export class KommoWebhookRoute implements OnModuleInit {
  constructor(
    private readonly inbox: KommoInbox,
    private readonly adapterHost: HttpAdapterHost,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    fastify.post('/webhook/:token', { config: routeConfig }, (request, reply) => this.handle(request, reply));
  }

  private async handle(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    try {
      return toSuccess(await this.receive(request), 200);
    } catch (error) {
      sendFailure(error, request, reply, this.logger);
      return reply;
    }
  }

  private async receive(request: FastifyRequest): Promise<ReceivedHook> {
    const accountId = getWebhookAccountId(request);
    const bytes = toBytes(request.body);
    const decoded = decode(bytes, request.headers['content-type']);
    if ('body' in decoded) return this.inbox.receive(accountId, decoded.body);
    await this.inbox.recordUnreadable(accountId, decoded.unreadable, createHash('sha256').update(bytes).digest('hex'));
    return { accepted: 0, ignored: 0, unreadable: 1 };
  }
}

function decode(bytes: Buffer, contentType: string | undefined): Decoded {
  try {
    return { body: decodeByType(bytes, contentType) };
  } catch (error) {
    if (error instanceof InvalidInputError) return { unreadable: error.message };
    throw error;
  }
}
