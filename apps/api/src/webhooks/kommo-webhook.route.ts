import { createHash } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasErrorCode, InvalidInputError, Logger } from '#domain';
import { KommoInbox, type ReceivedHook, WebhookOutages } from '#sync';
import type { DocumentedRoute } from '../docs/documented.decorator.js';
import { getWebhookAccountId } from '../guards/caller.js';
import { isCoded, rawBody } from '../http/body-limits.js';
import { decodeByType, toBytes } from '../http/body-parsers.js';
import { toSuccess } from '../http/envelope.js';
import { sendFailure } from '../http/failure.filter.js';

type Decoded = { readonly body: unknown } | { readonly unreadable: string };

const documentation: DocumentedRoute = {
  summary: "Receives Kommo's webhooks: events of contacts",
  description: '200 only when every event is stored, else 503. A body that cannot be read is recorded; a reconciliation follows.',
  data: 'KommoHookResponse',
  body: { type: 'object', description: 'Fields of Kommo, as it sends them.' },
  errors: ['account_mismatch'],
  example: {
    path: { token: 'the-token-in-the-webhook-url' },
    body: {
      account: { id: '32000001', subdomain: 'example' },
      contacts: { update: [{ id: '51234567', type: 'contact', name: 'Ann Lee', updated_at: '1795000000', custom_fields: [] }] },
    },
  },
};

const routeConfig: FastifyContextConfig = { audience: 'kommo', documentation, ...rawBody };

/**
 * Receives Kommo's webhooks. Responds 200 only when every event is committed. The one route on Fastify itself: a webhook needs
 * none of Nest's guards, pipes and interceptors, which would double its cost.
 */
@Injectable()
export class KommoWebhookRoute implements OnModuleInit {
  constructor(
    private readonly inbox: KommoInbox,
    private readonly outages: WebhookOutages,
    private readonly adapterHost: HttpAdapterHost,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    const recordTooLarge = (request: FastifyRequest, error: unknown) => this.recordTooLarge(request, error);
    const errorHandler = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void this.refuse(error, request, reply);
    const onResponse = (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
      this.noteOutage(request, reply);
      done();
    };
    fastify.post('/webhook/:token', { config: { ...routeConfig, recordTooLarge }, errorHandler, onResponse }, (request, reply) =>
      this.handle(request, reply),
    );
  }

  private noteOutage({ params }: FastifyRequest, { statusCode }: FastifyReply): void {
    if (statusCode === 503) this.outages.note((params as { readonly token: string }).token);
  }

  private async handle(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    try {
      return toSuccess(await this.receive(request), 200);
    } catch (error) {
      sendFailure(error, request, reply, this.logger);
      return reply;
    }
  }

  /** For errors before the handler: the body is too large or ended early. */
  private async refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const isTooLarge = hasErrorCode(error, 'body_too_large');
    sendFailure(isTooLarge ? await this.recordTooLarge(request, error) : error, request, reply, this.logger);
  }

  /** Records that the changes of a webhook are missing. Returns the error to respond with: that of the database when it is unavailable. */
  private async recordTooLarge(request: FastifyRequest, error: unknown): Promise<unknown> {
    try {
      const accountId = getWebhookAccountId(request);
      await this.inbox.recordUnreadable(accountId, error instanceof Error ? error.message : 'The body is too large', hashOf('too large'));
      return error;
    } catch (failure) {
      return failure;
    }
  }

  private async receive(request: FastifyRequest): Promise<ReceivedHook> {
    const accountId = getWebhookAccountId(request);
    const bytes = toBytes(request.body);
    const decoded = decode(bytes, request);
    if ('body' in decoded) return this.inbox.receive(accountId, decoded.body);
    await this.inbox.recordUnreadable(accountId, decoded.unreadable, hashOf(bytes));
    return { accepted: 0, ignored: 0, unreadable: 1 };
  }
}

const hashOf = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

function decode(bytes: Buffer, request: FastifyRequest): Decoded {
  if (isCoded(request)) return { unreadable: 'The body cannot be read: it has a Content-Encoding' };
  try {
    return { body: decodeByType(bytes, request.headers['content-type']) };
  } catch (error) {
    if (error instanceof InvalidInputError) return { unreadable: error.message };
    throw error;
  }
}
