import { Body, Controller, Get, HttpCode, Options, Post, Query, UseGuards } from '@nestjs/common';
import { Secret } from '#domain';
import { WidgetSettings, WidgetStatuses } from '#sync';
import { Audited } from '../audit/audited.decorator.js';
import { Audience } from '../guards/audience.decorator.js';
import { IntegrationConfiguredGuard } from '../guards/integration-configured.guard.js';
import { ApiResult, NoEnvelope } from '../http/envelope.js';
import { SaveWidgetDto, WidgetStatusDto } from './dto/widget.dto.js';

/** What the Kommo widget reads and saves. */
@Controller('widget')
export class WidgetController {
  constructor(
    private readonly settings: WidgetSettings,
    private readonly statuses: WidgetStatuses,
  ) {}

  @Post()
  @HttpCode(202)
  @Audience('widget')
  @Audited('account.configure')
  @UseGuards(IntegrationConfiguredGuard)
  async save(@Body() { account_id, unisender_key, settings }: SaveWidgetDto) {
    const saved = await this.settings.saveKey({ accountId: account_id, unisenderKey: Secret.of(unisender_key), settings });
    return new ApiResult({ run_id: saved.run.run_id, ...saved }, { message: 'The key is saved; the import starts now' });
  }

  @Get('status')
  @Audience('widget')
  async status(@Query() { account_id }: WidgetStatusDto) {
    return this.statuses.read(account_id);
  }

  /** A browser's CORS preflight: it comes before the request that carries the token. */
  @Options()
  @HttpCode(204)
  @Audience('public')
  @NoEnvelope()
  preflight(): void {}

  @Options('status')
  @HttpCode(204)
  @Audience('public')
  @NoEnvelope()
  preflightStatus(): void {}
}
