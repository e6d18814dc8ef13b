import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { AuthorisedAccount } from '#domain';
import { RunService, type RunView } from '#sync';
import { Audited } from '../audit/audited.decorator.js';
import { runMode, uuid } from '../audit/audited-details.js';
import { Account } from '../guards/account.decorator.js';
import { AccountAuthorisedGuard } from '../guards/account-authorised.guard.js';
import { Audience } from '../guards/audience.decorator.js';
import { IntegrationConfiguredGuard } from '../guards/integration-configured.guard.js';
import { ApiResult } from '../http/envelope.js';
import { ListRunsDto, RunParamsDto, StartRunDto } from './dto/sync.dto.js';

/** Starts, shows, cancels and confirms runs. */
@Controller('sync')
export class SyncController {
  constructor(private readonly runs: RunService) {}

  @Post('contacts')
  @HttpCode(202)
  @Audience('operator')
  @Audited('run.start', { mode: runMode })
  @UseGuards(IntegrationConfiguredGuard, AccountAuthorisedGuard)
  async start(@Account('id') { accountId }: AuthorisedAccount, @Body() { mode }: StartRunDto) {
    const run = await this.runs.start({ accountId, mode, trigger: 'operator' });
    return new ApiResult(run, { message: 'The run starts now' });
  }

  @Get('contacts/:run_id')
  @Audience('operator')
  async get(@Param() { run_id }: RunParamsDto): Promise<RunView> {
    return this.runs.get(run_id);
  }

  @Delete('contacts/:run_id')
  @Audience('operator')
  @Audited('run.cancel', { run_id: uuid })
  async cancel(@Param() { run_id }: RunParamsDto): Promise<RunView> {
    return this.runs.cancel(run_id);
  }

  @Post('contacts/:run_id/confirm')
  @HttpCode(200)
  @Audience('operator')
  @Audited('run.confirm', { run_id: uuid })
  async confirm(@Param() { run_id }: RunParamsDto): Promise<RunView> {
    return this.runs.confirm(run_id);
  }

  @Get('runs')
  @Audience('operator')
  async list(@Account('id') { accountId }: AuthorisedAccount, @Query() { limit }: ListRunsDto) {
    return { runs: await this.runs.list(accountId, limit) };
  }
}
