import { Controller, Get, Query, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '#config';
import { InvalidInputError } from '#domain';
import { buildConsentButton } from '#kommo';
import { AuthorizationLinks, Installer } from '#sync';
import { Documented } from '../docs/documented.decorator.js';
import { OptionalNamedAccount } from '../guards/account.decorator.js';
import { Audience } from '../guards/audience.decorator.js';
import { IntegrationConfiguredGuard } from '../guards/integration-configured.guard.js';
import { RefusalLimits } from '../guards/refusal-limits.js';
import { BackgroundWork } from '../http/background-work.js';
import { ApiResult } from '../http/envelope.js';
import { AuthorizationPageFilter } from './authorization-page.filter.js';
import { authorizationPagePolicy, renderAuthorizationPage, wantsPage } from './authorization-page.js';
import { consentPagePolicy, renderConsentPage } from './consent-page.js';
import { AuthorizationCallbackDto, AuthorizationDto, hasResult } from './dto/authorization.dto.js';

/** Kommo's server gives up after 3 s (reference/kommo.md 1.3). */
const RESPOND_WITHIN_MS = 2_500;

const EXAMPLE_CLIENT = '0b0123f4-d123-4123-9123-e09f123456ca';
const SLOW = { description: 'Kommo responds slowly; the authorisation continues in the background' };
const callbackErrors = [
  'consent_declined',
  'kommo_code_refused',
  'account_mismatch',
  'administrator_required',
  'other_integration',
  'kommo_rejected',
  'kommo_forbidden',
  'kommo_payment_required',
  'kommo_rate_limited',
  'kommo_blocked',
  'kommo_unavailable',
  'vendor_paused',
  'request_limit_busy',
] as const;

/** Kommo's OAuth flow: the redirect to the consent page, and the callback. */
@Controller()
@UseGuards(IntegrationConfiguredGuard)
@UseFilters(AuthorizationPageFilter)
export class AuthorizationController {
  constructor(
    private readonly links: AuthorizationLinks,
    private readonly installer: Installer,
    private readonly config: Config,
    private readonly background: BackgroundWork,
    private readonly limits: RefusalLimits,
  ) {}

  @Get('auth')
  @Audience('browser')
  @Documented({
    summary: "Begins an authorisation: redirects to Kommo's consent page; or finishes one, as GET /authcallback",
    description: 'Name the account in `id`. With `button=1` it shows a page with the button of Kommo.',
    data: 'ConnectedResponse',
    otherResponses: { 202: SLOW, 302: { description: "To Kommo's consent page" } },
    errors: callbackErrors,
    example: { query: { id: 32_000_001 } },
  })
  async authorize(
    @OptionalNamedAccount('id') accountId: number | undefined,
    @Query() query: AuthorizationDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (hasResult(query)) return this.finish(query, request, reply);
    if (accountId !== undefined) return this.begin(accountId, query, reply);
    throw InvalidInputError.ofFields([{ field: 'id', problem: 'must be a whole number above 0, in digits' }]);
  }

  @Get('authcallback')
  @Audience('browser')
  @Documented({
    summary: 'Finishes an authorisation. Kommo sends the browser here',
    data: 'ConnectedResponse',
    otherResponses: { 202: SLOW },
    errors: callbackErrors,
    example: { query: { code: 'def50200a1b2', referer: 'example.kommo.com', from_widget: true, client_id: EXAMPLE_CLIENT } },
  })
  async callback(
    @OptionalNamedAccount('id') _accountId: number | undefined,
    @Query() query: AuthorizationCallbackDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.finish(query, request, reply);
  }

  private async begin(accountId: number, { client_id, button }: AuthorizationDto, reply: FastifyReply): Promise<void> {
    const { url, clientId, state } = await this.links.create({ accountId, clientId: client_id });
    if (!button) return void (await reply.redirect(url, 302));
    const page = buildConsentButton({ oauthUrl: this.config.kommoOauthUrl, clientId, state }, 'Connect Kommo');
    void reply.header('Content-Security-Policy', consentPagePolicy(page.scriptUrl)).type('text/html; charset=utf-8');
    await reply.send(renderConsentPage(accountId, url, page));
  }

  private async finish({ client_id, from_widget, ...rest }: AuthorizationCallbackDto, request: FastifyRequest, reply: FastifyReply) {
    const { code, referer, state, error } = rest;
    const callback = { code, referer, clientId: client_id, state, fromWidget: from_widget, error };
    const finish = () => this.installer.finishAuthorization(callback);
    const authorization = this.limits.consumeOnRefusal({ request, purpose: 'consent' }, finish);
    const account = await this.background.waitFor(authorization, RESPOND_WITHIN_MS, 'authorization');
    if (wantsPage(request.headers.accept)) {
      const page = renderAuthorizationPage(account ? 'connected' : 'background', request.headers['accept-language'], account?.name);
      void reply
        .header('Content-Security-Policy', authorizationPagePolicy)
        .type('text/html; charset=utf-8')
        .status(account ? 200 : 202);
      return void (await reply.send(page));
    }
    if (account) return new ApiResult({ account_id: account.accountId, name: account.name }, { message: 'The account is connected' });
    return new ApiResult(null, { code: 202, message: 'Kommo responds slowly; the authorization continues in the background' });
  }
}
