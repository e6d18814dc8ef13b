import { Body, Controller, Get, Header, HttpCode, Options, Post, Query, StreamableFile, UseGuards } from '@nestjs/common';
import { AuthorisedAccount, Secret } from '#domain';
import { AddressViews, WidgetActions, WidgetOptions, WidgetPreview, WidgetSettings, WidgetStatuses } from '#sync';
import { Audited } from '../audit/audited.decorator.js';
import { flag, uuid, widgetAction } from '../audit/audited-details.js';
import { Account } from '../guards/account.decorator.js';
import { Audience, NeedsAdministrator } from '../guards/audience.decorator.js';
import { IntegrationConfiguredGuard } from '../guards/integration-configured.guard.js';
import { ApiResult, NoEnvelope } from '../http/envelope.js';
import { PreviewDto } from './dto/settings.dto.js';
import { AfterDto } from '../operations/dto/operations.dto.js';
import { SaveWidgetDto, WidgetActionDto } from './dto/widget.dto.js';
import { WidgetZip } from './widget-zip.js';

/** What the Kommo widget reads and saves. */
@Controller('widget')
export class WidgetController {
  constructor(
    private readonly settings: WidgetSettings,
    private readonly previews: WidgetPreview,
    private readonly statuses: WidgetStatuses,
  ) {}

  @Post()
  @HttpCode(202)
  @Audience('widget')
  @Audited('account.configure', { preview: flag })
  @UseGuards(IntegrationConfiguredGuard)
  async save(
    @Account('account_id') account: AuthorisedAccount,
    @Body() { unisender_key, settings }: SaveWidgetDto,
    @Query() { preview }: PreviewDto,
  ) {
    const unisenderKey = unisender_key === undefined ? undefined : Secret.of(unisender_key);
    if (preview) return new ApiResult(await this.previews.count({ account, unisenderKey, settings }), { code: 200 });
    const saved = await this.settings.saveKey({ account, unisenderKey, settings });
    return new ApiResult({ run_id: saved.run.run_id, ...saved }, { message: 'The key is saved; the import starts now' });
  }

  @Get('status')
  @Audience('widget')
  async status(@Account('account_id') account: AuthorisedAccount) {
    return this.statuses.read(account);
  }
}

/** What the settings window of the widget offers beside the settings themselves. */
@Controller('widget')
export class WidgetPanelController {
  constructor(
    private readonly options: WidgetOptions,
    private readonly addresses: AddressViews,
    private readonly actions: WidgetActions,
  ) {}

  @Get('options')
  @Audience('widget')
  @NeedsAdministrator()
  async readOptions(@Account('account_id') account: AuthorisedAccount) {
    return this.options.read(account);
  }

  @Get('failures')
  @Audience('widget')
  @NeedsAdministrator()
  async listFailures(@Account('account_id') { accountId }: AuthorisedAccount, @Query() page: AfterDto) {
    return this.addresses.list(accountId, { ...page, state: 'failing' });
  }

  @Post('actions')
  @HttpCode(202)
  @Audience('widget')
  @Audited('widget.action', { action: widgetAction, run_id: uuid })
  async act(@Account('account_id') account: AuthorisedAccount, @Body() { action, run_id, contact_id }: WidgetActionDto) {
    return this.actions.do(account, { action, runId: run_id, contactId: contact_id });
  }

  /** A browser's CORS preflight: it comes before the request that carries the token. */
  @Options(['', 'status', 'options', 'failures', 'actions'])
  @HttpCode(204)
  @Audience('public')
  @NoEnvelope()
  preflight(): void {}
}

/** The archive that an administrator uploads to Kommo. */
@Controller('widget.zip')
export class WidgetZipController {
  constructor(private readonly zip: WidgetZip) {}

  @Get()
  @Audience('public')
  @NoEnvelope()
  @Header('Content-Disposition', 'attachment; filename="widget.zip"')
  async download(): Promise<StreamableFile> {
    return new StreamableFile(await this.zip.read(), { type: 'application/zip' });
  }
}
