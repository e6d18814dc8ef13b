import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { type RunMode, runModes } from '#domain';
import type { RunView, SyncServices } from '#sync';
import { AccountAuthorisedGuard } from '../guards/account-authorised.guard.js';
import { Audited } from '../audit/audited.js';
import { Audience } from '../guards/audience.js';
import { IntegrationConfiguredGuard } from '../guards/integration-configured.guard.js';
import { ApiResult } from '../http/envelope.js';
import { From, Id, OneOf, Optional, Text, Whole } from '../http/fields.js';
import { SERVICES } from '../parts.js';

const MAX_LIMIT = 500;
const RUN_ID_LENGTH = 64;

class StartBody {
  @From('account_id')
  @Id()
  id!: number;

  @Optional()
  @OneOf(runModes)
  mode?: RunMode;
}

class RunParams {
  @Text(RUN_ID_LENGTH)
  run_id!: string;
}

class RunsQuery {
  @From('account_id')
  @Id()
  id!: number;

  @Optional()
  @Whole(1, MAX_LIMIT)
  limit?: number;
}

@Controller('sync')
export class SyncController {
  constructor(@Inject(SERVICES) private readonly services: Pick<SyncServices, 'runs'>) {}

  @Post('contacts')
  @HttpCode(202)
  @Audience('operator')
  @Audited('run.start', 'mode')
  @UseGuards(IntegrationConfiguredGuard, AccountAuthorisedGuard)
  async start(@Body() { id, mode = 'import' }: StartBody) {
    const run = await this.services.runs.start({ accountId: id, mode, trigger: 'operator' });
    return new ApiResult(run, { message: 'The run is on its way.' });
  }

  @Get('contacts/:run_id')
  @Audience('operator')
  async get(@Param() { run_id }: RunParams): Promise<RunView> {
    return this.services.runs.get(run_id);
  }

  @Delete('contacts/:run_id')
  @Audience('operator')
  @Audited('run.cancel', 'run_id')
  async cancel(@Param() { run_id }: RunParams): Promise<RunView> {
    return this.services.runs.cancel(run_id);
  }

  @Post('contacts/:run_id/confirm')
  @HttpCode(200)
  @Audience('operator')
  @Audited('run.confirm', 'run_id')
  async confirm(@Param() { run_id }: RunParams): Promise<RunView> {
    return this.services.runs.confirm(run_id);
  }

  @Get('runs')
  @Audience('operator')
  async list(@Query() { id, limit }: RunsQuery) {
    return { runs: await this.services.runs.list(id, limit) };
  }
}
