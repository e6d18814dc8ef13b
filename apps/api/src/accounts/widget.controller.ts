import { Body, Controller, Get, Header, HttpCode, Options, Post, Query, StreamableFile, UseGuards } from '@nestjs/common';
import { AuthorisedAccount, Secret } from '#domain';
import { AddressViews, WidgetActions, WidgetOptions, WidgetPreview, WidgetSettings, WidgetStatuses } from '#sync';
import { Audited } from '../audit/audited.decorator.js';
import { flag, uuid, widgetAction } from '../audit/audited-details.js';
import { Documented } from '../docs/documented.decorator.js';
import { kommoErrors, unauthorisedErrors, unisenderErrors } from '../docs/error-groups.js';
import { Account } from '../guards/account.decorator.js';
import { Audience, NeedsAdministrator } from '../guards/audience.decorator.js';
import { IntegrationConfiguredGuard } from '../guards/integration-configured.guard.js';
import { ApiResult, NoEnvelope } from '../http/envelope.js';
import { PreviewDto } from './dto/settings.dto.js';
import { AfterDto } from '../operations/dto/operations.dto.js';
import { SaveWidgetDto, WidgetActionDto } from './dto/widget.dto.js';
import { WidgetZip } from './widget-zip.js';

const exampleAccount = { account_id: 32_000_001 };
const EXAMPLE_KEY = '6example7key8of9unisender';

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
  @Documented({
    summary: 'Checks and saves the Unisender key and the settings, and starts the import',
    description: 'With `preview=1` it only counts what saving would do, and responds with 200.',
    data: 'WidgetSaveResponse',
    otherResponses: { 200: { description: 'A preview', data: 'WidgetSaveResponse' } },
    errors: [...unauthorisedErrors, ...unisenderErrors, 'account_changed'],
    example: { body: { account_id: 32_000_001, unisender_key: EXAMPLE_KEY, settings: { include_tags: ['customer'] } } },
  })
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
  @Documented({ summary: 'Shows the state of the account in the widget', data: 'WidgetStatusResponse', example: { query: exampleAccount } })
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
  @Documented({
    summary: 'Lists what the settings can name: lists, fields, tags, users',
    data: 'WidgetOptionsResponse',
    errors: [...unauthorisedErrors, ...kommoErrors, ...unisenderErrors],
    example: { query: exampleAccount },
  })
  async readOptions(@Account('account_id') account: AuthorisedAccount) {
    return this.options.read(account);
  }

  @Get('failures')
  @Audience('widget')
  @NeedsAdministrator()
  @Documented({ summary: 'Lists failing addresses with their reasons', data: 'AddressesResponse', example: { query: exampleAccount } })
  async listFailures(@Account('account_id') { accountId }: AuthorisedAccount, @Query() page: AfterDto) {
    return this.addresses.list(accountId, { ...page, state: 'failing' });
  }

  @Post('actions')
  @HttpCode(202)
  @Audience('widget')
  @Audited('widget.action', { action: widgetAction, run_id: uuid })
  @Documented({
    summary: 'Does what a button of the widget does',
    description: '`confirm` and `cancel` need `run_id`; `resync` may name one contact.',
    data: 'WidgetActionResponse',
    errors: [
      ...unauthorisedErrors,
      'unisender_key_missing',
      'unisender_key_refused',
      'run_unknown',
      'run_active',
      'run_ended',
      'run_not_waiting',
    ],
    example: { body: { account_id: 32_000_001, action: 'resync' } },
  })
  async act(@Account('account_id') account: AuthorisedAccount, @Body() { action, run_id, contact_id }: WidgetActionDto) {
    return this.actions.do(account, { action, runId: run_id, contactId: contact_id });
  }

  /** A browser's CORS preflight: it comes before the request that carries the token. */
  @Options(['', 'status', 'options', 'failures', 'actions'])
  @HttpCode(204)
  @Audience('public')
  @NoEnvelope()
  @Documented({ summary: "Responds to a browser's CORS preflight", example: {} })
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
  @Documented({
    summary: 'Downloads the Kommo widget for this service',
    content: { 'application/zip': { type: 'string', contentMediaType: 'application/zip' } },
    errors: ['not_found'],
    example: {},
  })
  async download(): Promise<StreamableFile> {
    return new StreamableFile(await this.zip.read(), { type: 'application/zip' });
  }
}
