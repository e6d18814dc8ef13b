import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import type { AuthorisedAccount } from '#domain';
import { Pauses } from '#sync';
import { Audited } from '../audit/audited.decorator.js';
import { minutes, vendor } from '../audit/audited-details.js';
import { Account } from '../guards/account.decorator.js';
import { Documented } from '../docs/documented.decorator.js';
import { Audience } from '../guards/audience.decorator.js';
import { PauseDto, VendorDto } from './dto/operations.dto.js';
import type { PauseLiftedResponse, PauseSetResponse, PausesResponse } from './operations-responses.js';

/** Lists, sets and lifts pauses. */
@Controller('operations')
export class PausesController {
  constructor(private readonly pauses: Pauses) {}

  @Get('pauses')
  @Audience('operator')
  @Documented({ summary: 'Lists active pauses, the longest first', data: 'PausesResponse', example: {} })
  async list(): Promise<PausesResponse> {
    return { pauses: await this.pauses.list() };
  }

  @Post('accounts/:account_id/pause')
  @HttpCode(200)
  @Audience('operator')
  @Audited('account.pause', { minutes })
  @Documented({
    summary: 'Stops the work on an account',
    data: 'PauseSetResponse',
    errors: ['not_found'],
    example: { path: { account_id: 32_000_001 }, body: { minutes: 5, reason: 'Maintenance' } },
  })
  async pauseAccount(@Account('account_id') { accountId }: AuthorisedAccount, @Body() input: PauseDto): Promise<PauseSetResponse> {
    return { pause: await this.pauses.pauseAccount(accountId, input) };
  }

  @Post('accounts/:account_id/resume')
  @HttpCode(200)
  @Audience('operator')
  @Audited('account.resume')
  @Documented({
    summary: 'Lifts the pauses of an account and its Unisender key',
    data: 'PauseLiftedResponse',
    errors: ['not_found'],
    example: { path: { account_id: 32_000_001 } },
  })
  async resumeAccount(@Account('account_id') { accountId }: AuthorisedAccount): Promise<PauseLiftedResponse> {
    return { lifted: await this.pauses.resumeAccount(accountId) };
  }

  @Post('vendors/:vendor/pause')
  @HttpCode(200)
  @Audience('operator')
  @Audited('vendor.pause', { vendor, minutes })
  @Documented({
    summary: 'Stops all requests to a vendor',
    data: 'PauseSetResponse',
    example: { path: { vendor: 'kommo' }, body: { minutes: 5 } },
  })
  async pauseVendor(@Param() params: VendorDto, @Body() input: PauseDto): Promise<PauseSetResponse> {
    return { pause: await this.pauses.pauseVendor(params.vendor, input) };
  }

  @Post('vendors/:vendor/resume')
  @HttpCode(200)
  @Audience('operator')
  @Audited('vendor.resume', { vendor })
  @Documented({ summary: 'Lifts the pauses of a vendor', data: 'PauseLiftedResponse', example: { path: { vendor: 'kommo' } } })
  async resumeVendor(@Param() params: VendorDto): Promise<PauseLiftedResponse> {
    return { lifted: await this.pauses.resumeVendor(params.vendor) };
  }
}
