import { Controller, Get, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Uninstall } from '#sync';
import { Documented } from '../docs/documented.decorator.js';
import { NamedAccount } from '../guards/account.decorator.js';
import { Audience } from '../guards/audience.decorator.js';
import { RefusalLimits } from '../guards/refusal-limits.js';
import { BackgroundWork } from '../http/background-work.js';
import { ApiResult } from '../http/envelope.js';
import { UninstallDto } from './dto/uninstall.dto.js';

/** Kommo does not document how long it waits; its other calls wait 3 s. */
const RESPOND_WITHIN_MS = 2_000;

const EXAMPLE_CLIENT = '0b0123f4-d123-4123-9123-e09f123456ca';

/** Receives Kommo's signed "access revoked" call (reference/kommo.md 3). */
@Controller('kommo')
export class UninstallController {
  constructor(
    private readonly uninstalls: Uninstall,
    private readonly background: BackgroundWork,
    private readonly limits: RefusalLimits,
  ) {}

  @Get('uninstall')
  @Audience('kommo')
  @Documented({
    summary: "Receives Kommo's signed call when an account uninstalls the integration",
    errors: ['uninstall_refused'],
    example: { query: { account_id: 32_000_001, client_uuid: EXAMPLE_CLIENT, signature: '0f'.repeat(32) } },
  })
  async uninstall(
    @NamedAccount('account_id') accountId: number,
    @Query() { client_uuid, signature }: UninstallDto,
    @Req() request: FastifyRequest,
  ) {
    const call = { clientId: client_uuid, accountId, signature };
    await this.limits.consumeOnRefusal({ request, purpose: 'uninstall' }, () => this.uninstalls.receive(call));
    await this.background.waitFor(this.uninstalls.decide(accountId), RESPOND_WITHIN_MS, 'uninstall');
    return new ApiResult(null, { message: 'The call is stored; it counts when Kommo has ended the access' });
  }
}
