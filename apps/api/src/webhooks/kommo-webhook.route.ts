import { createHash } from 'node:crypto';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { InvalidInputError, type Logger } from '#domain';
import type { ReceivedHook, SyncServices } from '#sync';
import { RateLimit } from '../guards/rate-limit.guard.js';
import { toSuccess } from '../http/envelope.js';
import { decodeByType, rawBodyConfig, toBytes } from '../http/body-parsers.js';
import { sendFailure } from '../http/failure.filter.js';
import { LOGGER, SERVICES } from '../parts.js';
import { findHookAccount } from './hook-account.js';

type Decoded = { readonly body: unknown } | { readonly unreadable: string };
type HookRequest = FastifyRequest<{ Params: { token: string } }>;

/**
 * Kommo's hooks: 200 only once everything is durable. The one route that stands beside Nest's: its guards, pipes and
 * interceptors, none of which a hook needs, would cost as much as the rest of it.
 */
@Injectable()
export class KommoWebhookRoute implements OnModuleInit {
  constructor(
    @Inject(SERVICES) private readonly services: Pick<SyncServices, 'inbox'>,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly rateLimit: RateLimit,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    fastify.post('/webhook/:token', { config: rawBodyConfig }, (request: HookRequest, reply) => this.answer(request, reply));
  }

  private async answer(request: HookRequest, reply: FastifyReply): Promise<unknown> {
    try {
      return toSuccess(await this.receive(request), 200);
    } catch (error) {
      sendFailure(error, request, reply, this.logger);
      return reply;
    }
  }

  private async receive(request: HookRequest): Promise<ReceivedHook> {
    const { inbox } = this.services;
    const { accountId } = await findHookAccount(inbox, request.params.token, request, this.rateLimit);
    const bytes = toBytes(request.body);
    const decoded = decode(bytes, request.headers['content-type']);
    if ('body' in decoded) return inbox.receiveKommo(accountId, decoded.body);
    await inbox.keepUnreadable(accountId, decoded.unreadable, createHash('sha256').update(bytes).digest('hex'));
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
