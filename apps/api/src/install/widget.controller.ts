import { Body, Controller, Get, HttpCode, Inject, Options, Post, Query, UseGuards } from '@nestjs/common';
import { Secret } from '#domain';
import type { SyncServices } from '#sync';
import { Audited } from '../audit/audited.js';
import { Audience } from '../guards/audience.js';
import { IntegrationConfiguredGuard } from '../guards/integration-configured.guard.js';
import { ApiResult, NoEnvelope } from '../http/envelope.js';
import { SERVICES } from '../parts.js';
import { WidgetBody, WidgetStatusQuery } from './widget.inputs.js';

@Controller('widget')
export class WidgetController {
  constructor(@Inject(SERVICES) private readonly services: Pick<SyncServices, 'widget'>) {}

  @Post()
  @HttpCode(202)
  @Audience('widget')
  @Audited('account.configure')
  @UseGuards(IntegrationConfiguredGuard)
  async save(@Body() { account_id, unisender_key, settings }: WidgetBody) {
    const saved = await this.services.widget.saveKey({ accountId: account_id, unisenderKey: Secret.of(unisender_key), settings });
    return new ApiResult({ run_id: saved.run.run_id, ...saved }, { message: 'The key is saved; the import is on its way.' });
  }

  @Get('status')
  @Audience('widget')
  async status(@Query() { account_id }: WidgetStatusQuery) {
    return this.services.widget.status(account_id);
  }

  /** The browser asks before it sends the token's header. */
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
