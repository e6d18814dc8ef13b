import { Controller, Get, Inject, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { InvalidInputError } from '#domain';
import type { SyncServices } from '#sync';
import { Audience } from '../guards/audience.js';
import { RateLimit } from '../guards/rate-limit.guard.js';
import { ApiResult } from '../http/envelope.js';
import { BackgroundWork } from '../http/background-work.js';
import { From, Id, Text } from '../http/fields.js';
import { SERVICES } from '../parts.js';

/** How long Kommo waits is not documented; its other calls wait 3 s. */
const ANSWER_WITHIN_MS = 2_000;

class UninstallQuery {
  @From('client_id')
  @Text()
  client_uuid!: string;

  @Id()
  account_id!: number;

  @Text()
  signature!: string;
}

/** Kommo's "access revoked" call; its signature is the proof (reference/kommo.md 3). */
@Controller('kommo')
export class UninstallController {
  constructor(
    @Inject(SERVICES) private readonly services: Pick<SyncServices, 'uninstall'>,
    private readonly background: BackgroundWork,
    private readonly rateLimit: RateLimit,
  ) {}

  @Get('uninstall')
  @Audience('kommo')
  async uninstall(@Query() { client_uuid, account_id, signature }: UninstallQuery, @Req() request: FastifyRequest) {
    try {
      await this.services.uninstall.receive({ clientId: client_uuid, accountId: account_id, signature });
    } catch (error) {
      if (error instanceof InvalidInputError) this.rateLimit.count(request);
      throw error;
    }
    await this.background.waitFor(this.services.uninstall.unsubscribe(account_id), ANSWER_WITHIN_MS, 'the end of subscriptions');
    return new ApiResult(null, { message: 'The account is disconnected.' });
  }
}
