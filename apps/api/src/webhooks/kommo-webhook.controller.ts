import { createHash } from 'node:crypto';
import { Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { InvalidInputError } from '#domain';
import type { SyncServices } from '#sync';
import { Audience } from '../guards/audience.js';
import { RateLimit } from '../guards/rate-limit.guard.js';
import { decodeByType, RawBody } from '../http/body-parsers.js';
import { SERVICES } from '../parts.js';
import { findHookAccount } from './hook-account.js';

type Decoded = { readonly body: unknown } | { readonly unreadable: string };

/** Kommo's hooks: 200 only once everything is durable. The hottest route: no validation but its own. */
@Controller()
export class KommoWebhookController {
  constructor(
    @Inject(SERVICES) private readonly services: Pick<SyncServices, 'inbox'>,
    private readonly rateLimit: RateLimit,
  ) {}

  @Post('webhook/:token')
  @HttpCode(200)
  @Audience('kommo')
  @RawBody()
  async receive(@Param('token') token: string, @Req() request: FastifyRequest) {
    const { inbox } = this.services;
    const { accountId } = await findHookAccount(inbox, token, request, this.rateLimit);
    const bytes = toBytes(request.body);
    const decoded = decode(bytes, request.headers['content-type']);
    if ('body' in decoded) return inbox.receiveKommo(accountId, decoded.body);
    await inbox.keepUnreadable(accountId, decoded.unreadable, createHash('sha256').update(bytes).digest('hex'));
    return { accepted: 0, ignored: 0, unreadable: 1 };
  }
}

export const toBytes = (body: unknown): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0));

function decode(bytes: Buffer, contentType: string | undefined): Decoded {
  try {
    return { body: decodeByType(bytes, contentType) };
  } catch (error) {
    if (error instanceof InvalidInputError) return { unreadable: error.message };
    throw error;
  }
}
