import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import type { AuthorisedAccount } from '#domain';
import { Pauses } from '#sync';
import { Audited } from '../audit/audited.decorator.js';
import { minutes, vendor } from '../audit/audited-details.js';
import { Account } from '../guards/account.decorator.js';
import { Audience } from '../guards/audience.decorator.js';
import { PauseDto, VendorDto } from './dto/operations.dto.js';
import type { PauseLiftedResponse, PauseSetResponse, PausesResponse } from './operations-responses.js';

/** Lists, sets and lifts pauses. */
@Controller('operations')
export class PausesController {
  constructor(private readonly pauses: Pauses) {}

  @Get('pauses')
  @Audience('operator')
  async list(): Promise<PausesResponse> {
    return { pauses: await this.pauses.list() };
  }

  @Post('accounts/:account_id/pause')
  @HttpCode(200)
  @Audience('operator')
  @Audited('account.pause', { minutes })
  async pauseAccount(@Account('account_id') { accountId }: AuthorisedAccount, @Body() input: PauseDto): Promise<PauseSetResponse> {
    return { pause: await this.pauses.pauseAccount(accountId, input) };
  }

  @Post('accounts/:account_id/resume')
  @HttpCode(200)
  @Audience('operator')
  @Audited('account.resume')
  async resumeAccount(@Account('account_id') { accountId }: AuthorisedAccount): Promise<PauseLiftedResponse> {
    return { lifted: await this.pauses.resumeAccount(accountId) };
  }

  @Post('vendors/:vendor/pause')
  @HttpCode(200)
  @Audience('operator')
  @Audited('vendor.pause', { vendor, minutes })
  async pauseVendor(@Param() params: VendorDto, @Body() input: PauseDto): Promise<PauseSetResponse> {
    return { pause: await this.pauses.pauseVendor(params.vendor, input) };
  }

  @Post('vendors/:vendor/resume')
  @HttpCode(200)
  @Audience('operator')
  @Audited('vendor.resume', { vendor })
  async resumeVendor(@Param() params: VendorDto): Promise<PauseLiftedResponse> {
    return { lifted: await this.pauses.resumeVendor(params.vendor) };
  }
}
