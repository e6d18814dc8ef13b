import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { AuthorisedAccount } from '#domain';
import { RunService, type RunView } from '#sync';
import { Audited } from '../audit/audited.decorator.js';
import { runMode, uuid } from '../audit/audited-details.js';
import { Account } from '../guards/account.decorator.js';
import { Documented } from '../docs/documented.decorator.js';
import { AccountAuthorisedGuard } from '../guards/account-authorised.guard.js';
import { Audience } from '../guards/audience.decorator.js';
import { IntegrationConfiguredGuard } from '../guards/integration-configured.guard.js';
import { ApiResult } from '../http/envelope.js';
import { ListRunsDto, RunParamsDto, StartRunDto } from './dto/sync.dto.js';

const exampleRun = { run_id: '0192f1a4-7c1e-4d2b-9a51-3f0c2b7d8e11' };

/** Starts, shows, cancels and confirms runs. */
@Controller('sync')
export class SyncController {
  constructor(private readonly runs: RunService) {}

  @Post('contacts')
  @HttpCode(202)
  @Audience('operator')
  @Audited('run.start', { mode: runMode })
  @Documented({
    summary: 'Starts an import, a reconciliation or a preview',
    data: 'RunResponse',
    errors: ['run_active', 'unisender_key_missing', 'unisender_key_refused'],
    example: { body: { id: 32_000_001, mode: 'import' } },
  })
  @UseGuards(IntegrationConfiguredGuard, AccountAuthorisedGuard)
  async start(@Account('id') { accountId }: AuthorisedAccount, @Body() { mode }: StartRunDto) {
    const run = await this.runs.start({ accountId, mode, trigger: 'operator' });
    return new ApiResult(run, { message: 'The run starts now' });
  }

  @Get('contacts/:run_id')
  @Audience('operator')
  @Documented({ summary: 'Shows a run with its progress', data: 'RunResponse', errors: ['run_unknown'], example: { path: exampleRun } })
  async get(@Param() { run_id }: RunParamsDto): Promise<RunView> {
    return this.runs.get(run_id);
  }

  @Delete('contacts/:run_id')
  @Audience('operator')
  @Audited('run.cancel', { run_id: uuid })
  @Documented({ summary: 'Cancels a run', data: 'RunResponse', errors: ['run_unknown', 'run_ended'], example: { path: exampleRun } })
  async cancel(@Param() { run_id }: RunParamsDto): Promise<RunView> {
    return this.runs.cancel(run_id);
  }

  @Post('contacts/:run_id/confirm')
  @HttpCode(200)
  @Audience('operator')
  @Audited('run.confirm', { run_id: uuid })
  @Documented({
    summary: 'Confirms the removals that a run waits for',
    data: 'RunResponse',
    errors: ['run_unknown', 'run_ended', 'run_not_waiting', 'run_active'],
    example: { path: exampleRun },
  })
  async confirm(@Param() { run_id }: RunParamsDto): Promise<RunView> {
    return this.runs.confirm(run_id);
  }

  @Get('runs')
  @Audience('operator')
  @Documented({
    summary: 'Lists the runs of an account, newest first',
    data: 'RunsResponse',
    example: { query: { id: 32_000_001, limit: 5 } },
  })
  async list(@Account('id') { accountId }: AuthorisedAccount, @Query() { limit }: ListRunsDto) {
    return { runs: await this.runs.list(accountId, limit) };
  }
}
