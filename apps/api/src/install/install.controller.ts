import { Body, Controller, Get, HttpCode, Inject, Post, Query, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { InvalidInputError } from '#domain';
import { buildConsentButton } from '#kommo';
import type { SyncServices } from '#sync';
import { Audited } from '../audit/audited.js';
import { Audience } from '../guards/audience.js';
import { IntegrationConfiguredGuard } from '../guards/integration-configured.guard.js';
import { ApiResult } from '../http/envelope.js';
import { BackgroundWork } from '../http/background-work.js';
import { type ApiConfig, CONFIG, SERVICES } from '../parts.js';
import { consentPagePolicy, renderConsentPage } from './consent-page.js';
import { AuthQuery, IntegrationBody, SetupBody } from './install.inputs.js';

/** Kommo's server gives up after 3 s (reference/kommo.md 1.3). */
const ANSWER_WITHIN_MS = 2_500;

const toIntegration = ({ client_id, client_secret, redirect_uri, domain }: IntegrationBody) => ({
  clientId: client_id,
  clientSecret: client_secret,
  redirectUri: redirect_uri,
  domain,
});

@Controller()
export class InstallController {
  constructor(
    @Inject(SERVICES) private readonly services: Pick<SyncServices, 'installer'>,
    @Inject(CONFIG) private readonly config: ApiConfig,
    private readonly background: BackgroundWork,
  ) {}

  @Post('integration')
  @HttpCode(200)
  @Audience('operator')
  @Audited('integration.save', 'client_id', 'integrations_id')
  async saveIntegration(@Body() body: IntegrationBody) {
    const { clientId } = await this.services.installer.saveIntegration(toIntegration(body));
    return new ApiResult({ client_id: clientId }, { message: 'The integration is saved.' });
  }

  @Post('setup')
  @HttpCode(200)
  @Audience('operator')
  @Audited('account.setup', 'client_id', 'integrations_id')
  async saveSetup(@Body() body: SetupBody) {
    const saved = await this.services.installer.saveSetup({ ...toIntegration(body), accountId: body.account_id });
    const message = `Saved. Now open ${this.config.publicUrl}/auth?id=${saved.accountId} in a browser and allow the access.`;
    return new ApiResult({ client_id: saved.clientId, account_id: saved.accountId }, { message });
  }

  @Get('auth')
  @Audience('browser')
  @UseGuards(IntegrationConfiguredGuard)
  async auth(@Query() query: AuthQuery, @Res({ passthrough: true }) reply: FastifyReply) {
    if (query.code !== undefined || query.error !== undefined) return this.finish(query);
    if (query.id === undefined) throw InvalidInputError.ofFields([{ field: 'id', problem: 'must be the id of the Kommo account' }]);
    return this.begin(query.id, query, reply);
  }

  @Get('authcallback')
  @Audience('browser')
  @UseGuards(IntegrationConfiguredGuard)
  async callback(@Query() query: AuthQuery) {
    return this.finish(query);
  }

  private async begin(accountId: number, { client_id, button }: AuthQuery, reply: FastifyReply): Promise<void> {
    const { url, clientId, state } = await this.services.installer.beginAuthorization({ accountId, clientId: client_id });
    if (!button) return void (await reply.redirect(url, 302));
    const page = buildConsentButton({ oauthUrl: this.config.kommoOauthUrl, clientId, state }, 'Connect Kommo');
    void reply.header('Content-Security-Policy', consentPagePolicy(page.scriptUrl)).type('text/html; charset=utf-8');
    await reply.send(renderConsentPage(accountId, url, page));
  }

  private async finish({ code, referer, client_id, state, from_widget, error }: AuthQuery) {
    const finishing = this.services.installer.finishAuthorization({
      code,
      referer,
      clientId: client_id,
      state,
      fromWidget: from_widget,
      error,
    });
    const account = await this.background.waitFor(finishing, ANSWER_WITHIN_MS, 'an authorisation');
    if (!account)
      return new ApiResult(null, { code: 202, message: 'Kommo is slow to answer: the authorisation goes on in the background.' });
    return new ApiResult({ account_id: account.accountId, name: account.name }, { message: 'The account is connected.' });
  }
}
