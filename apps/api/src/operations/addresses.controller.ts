import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { AuthorisedAccount, InvalidInputError } from '#domain';
import { type AddressPage, AddressViews, Resync, type ResyncTarget } from '#sync';
import { Audited } from '../audit/audited.decorator.js';
import { count, flag } from '../audit/audited-details.js';
import { Account } from '../guards/account.decorator.js';
import { Documented } from '../docs/documented.decorator.js';
import { Audience } from '../guards/audience.decorator.js';
import { type Envelope, NoEnvelope, toSuccess } from '../http/envelope.js';
import { ListAddressesDto, ResyncDto } from './dto/operations.dto.js';
import type { AddressesResponse, ResyncResponse } from './operations-responses.js';

/** Lists the addresses of an account by state, and syncs them again. */
@Controller('operations')
export class AddressesController {
  constructor(
    private readonly views: AddressViews,
    private readonly resyncs: Resync,
  ) {}

  /** With `format=csv` a file that names the next part in the header `x-next`. */
  @Get('addresses')
  @Audience('operator')
  @NoEnvelope()
  @Documented({
    summary: 'Lists the addresses of an account by state',
    description: 'With `format=csv` a file; the header `x-next` names the next part.',
    content: {
      'application/json': {
        type: 'object',
        required: ['status', 'data', 'code', 'message'],
        properties: { data: { $ref: '#/components/schemas/AddressesResponse' } },
      },
      'text/csv': { type: 'string' },
    },
    example: { query: { account_id: 32_000_001, state: 'failing' } },
  })
  async list(
    @Account('account_id') { accountId }: AuthorisedAccount,
    @Query() { format, ...filter }: ListAddressesDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Envelope | string> {
    const page: AddressPage & AddressesResponse = await this.views.list(accountId, filter);
    return format === 'csv' ? this.toFile(page, reply) : toSuccess(page, 200);
  }

  @Post('resync')
  @HttpCode(202)
  @Audience('operator')
  @Audited('account.resync', { email: count, all_failing: flag })
  @Documented({
    summary: 'Pushes addresses to Unisender again',
    data: 'ResyncResponse',
    errors: ['account_unknown', 'unisender_key_missing', 'unisender_key_refused'],
    example: { body: { account_id: 32_000_001, all_failing: true } },
  })
  async resync(@Account('account_id') { accountId }: AuthorisedAccount, @Body() input: ResyncDto): Promise<ResyncResponse> {
    return { addresses: await this.resyncs.request(accountId, toTarget(input)) };
  }

  private toFile(page: AddressPage, reply: FastifyReply): string {
    void reply.header('content-type', 'text/csv; charset=utf-8');
    void reply.header('content-disposition', 'attachment; filename="addresses.csv"');
    if (page.next !== null) void reply.header('x-next', encodeURIComponent(page.next));
    return this.views.toCsv(page);
  }
}

/** Throws InvalidInputError unless the input names exactly one target. */
export function toTarget({ contact_id: contactId, email, all_failing: isAll }: ResyncDto): ResyncTarget {
  const targets: ResyncTarget[] = [
    ...(contactId === undefined ? [] : [{ kind: 'contact', contactId } as const]),
    ...(email === undefined ? [] : [{ kind: 'address', email } as const]),
    ...(isAll ? [{ kind: 'all_failing' } as const] : []),
  ];
  const [target] = targets;
  if (target && targets.length === 1) return target;
  const problem = 'give exactly one of contact_id, email and all_failing';
  throw new InvalidInputError('Nothing to sync again is named', { fields: [{ field: 'contact_id', problem }] });
}
