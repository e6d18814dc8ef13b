import { ControlError } from '../control-error.js';
import { jsonResponse, noContent, type HttpResponse } from '../http/message.js';
import type { OutboundResult, SendOutbound } from '../http/outbound.js';
import type { Router } from '../http/router.js';
import type { KommoAccount, KommoUser } from '../kommo/account.js';
import { allowedRedirect, declinedRedirect, installFromWidget, sendUninstall } from '../kommo/consent.js';
import type { Delivery } from '../kommo/kommo-hook-sender.js';
import type { Integration } from '../kommo/registry.js';
import type { KommoEmulator } from '../kommo/kommo-emulator.js';
import { webhookView } from '../kommo/webhooks-endpoint.js';
import type { ControlHandler, ControlRequest, Input } from './control-request.js';
import { applyMode, integrationView, readAccount, readIntegration } from './kommo-accounts.js';

/** `/sandbox/kommo/…` except the routes of contacts. */
export class KommoControl {
  constructor(
    private readonly kommo: KommoEmulator,
    private readonly send: SendOutbound,
  ) {}

  /** Adds the routes. */
  register(router: Router<ControlHandler>): void {
    const account = '/sandbox/kommo/accounts/:id';
    router
      .add('POST', '/sandbox/kommo/integrations', (request) => this.createIntegration(request))
      .add('GET', '/sandbox/kommo/integrations', () => jsonResponse([...this.kommo.registry.integrations.values()].map(integrationView)))
      .add('POST', '/sandbox/kommo/accounts', (request) => this.createAccount(request))
      .add('GET', '/sandbox/kommo/accounts', () =>
        jsonResponse([...this.kommo.registry.accounts.values()].map((item) => this.accountView(item))),
      )
      .add('GET', account, (request) => jsonResponse(this.accountView(this.accountOf(request))))
      .add('PATCH', account, (request) => this.changeAccount(request))
      .add('POST', `${account}/install`, (request) => this.install(request))
      .add('POST', `${account}/consent`, (request) => this.consent(request))
      .add('POST', `${account}/uninstall`, (request) => this.uninstall(request))
      .add('POST', `${account}/rename`, (request) => this.rename(request))
      .add('POST', `${account}/revoke`, (request) => this.revoke(request))
      .add('POST', `${account}/expire`, (request) => jsonResponse({ expired: this.kommo.oauth.expireAccess(this.accountOf(request)) }))
      .add('POST', `${account}/disposable-token`, (request) => this.disposableToken(request))
      .add('POST', `${account}/webhooks/disable`, (request) => this.disableWebhooks(request))
      .add('DELETE', `${account}/webhooks`, (request) => this.removeWebhooks(request))
      .add('POST', '/sandbox/kommo/widgets', (request) => this.uploadWidget(request))
      .add('POST', '/sandbox/kommo/unblock', () => this.unblock())
      .add('GET', '/sandbox/kommo/hooks', (request) => this.listHooks(request))
      .add('POST', '/sandbox/kommo/hooks/flush', () => this.flushHooks())
      .add('POST', '/sandbox/kommo/hooks/drop', () => jsonResponse({ dropped: this.kommo.hooks.drop() }))
      .add('POST', '/sandbox/kommo/hooks/lose', (request) => this.loseHooks(request));
  }

  /** The account of the path. Throws a 404 when it is unknown. */
  accountOf(request: ControlRequest): KommoAccount {
    const account = this.kommo.registry.accounts.get(Number(request.param('id')));
    if (!account) throw new ControlError(`unknown Kommo account ${request.param('id')}`, 404);
    return account;
  }

  private createIntegration(request: ControlRequest): HttpResponse {
    const integration = readIntegration(request.input());
    this.kommo.registry.integrations.set(integration.clientId, integration);
    return jsonResponse(integrationView(integration), 201);
  }

  private uploadWidget(request: ControlRequest): HttpResponse {
    const input = request.input().allowOnly('code', 'archive');
    const archive = Buffer.from(input.text('archive'), 'base64');
    try {
      return jsonResponse({ files: this.kommo.widgets.upload(input.text('code'), archive) }, 201);
    } catch {
      throw new ControlError('archive must be a ZIP archive in base64');
    }
  }

  private createAccount(request: ControlRequest): HttpResponse {
    const { registry, contacts } = this.kommo;
    const account = readAccount(request.input(), contacts.nowSeconds(), registry.accounts.size);
    if (registry.accounts.has(account.id)) throw new ControlError(`account ${account.id} already exists`, 409);
    if (registry.findAccountByHost(account.host)) throw new ControlError(`host ${account.host} is taken`, 409);
    registry.accounts.set(account.id, account);
    return jsonResponse(this.accountView(account), 201);
  }

  private changeAccount(request: ControlRequest): HttpResponse {
    const account = this.accountOf(request);
    applyMode(account, request.input().allowOnly('paid', 'filters_enabled', 'webhooks_allowed'));
    return jsonResponse(this.accountView(account));
  }

  private accountView(account: KommoAccount): Record<string, unknown> {
    const { identity, mode } = account;
    return {
      id: account.id,
      name: identity.name,
      subdomain: account.subdomain,
      host: account.host,
      api_domain: identity.apiDomain,
      paid: mode.paid,
      filters_enabled: mode.filtersEnabled,
      webhooks_allowed: mode.webhooksAllowed,
      users: identity.users.map(({ id, isAdmin }) => ({ id, is_admin: isAdmin })),
      fields: account.dictionary.fields,
      webhooks: account.webhooks.map((webhook) => webhookView(account.id, webhook)),
      grants: this.kommo.oauth.grantsOf(account).map(({ integration, user }) => ({ client_id: integration.clientId, user_id: user.id })),
      contacts: account.contacts.list().length,
    };
  }

  private async install(request: ControlRequest): Promise<HttpResponse> {
    const account = this.accountOf(request);
    const input = request.input().allowOnly('client_id', 'user_id');
    const consent = { integration: this.integrationOf(input), account, user: userOf(account, input), state: undefined };
    return jsonResponse(outcomeView(await installFromWidget(this.kommo.oauth, this.send, consent)));
  }

  private consent(request: ControlRequest): HttpResponse {
    const account = this.accountOf(request);
    const input = request.input().allowOnly('client_id', 'state', 'user_id', 'decline');
    const integration = this.integrationOf(input);
    const state = input.optionalText('state');
    if (input.optionalFlag('decline')) return jsonResponse({ redirect: declinedRedirect(integration, state) });
    return jsonResponse({ redirect: allowedRedirect(this.kommo.oauth, { integration, account, user: userOf(account, input), state }) });
  }

  private async uninstall(request: ControlRequest): Promise<HttpResponse> {
    const account = this.accountOf(request);
    const integration = this.integrationOf(request.input().allowOnly('client_id'));
    this.kommo.oauth.revoke(account, integration.clientId);
    return jsonResponse(outcomeView(await sendUninstall(this.send, integration, account.id)));
  }

  private rename(request: ControlRequest): HttpResponse {
    const account = this.accountOf(request);
    const subdomain = request.input().allowOnly('subdomain').text('subdomain').toLowerCase();
    if (this.kommo.registry.findAccountByHost(`${subdomain}.${account.identity.domain}`))
      throw new ControlError(`${subdomain} is taken`, 409);
    account.formerHosts.add(account.host);
    account.subdomain = subdomain;
    return jsonResponse(this.accountView(account));
  }

  private revoke(request: ControlRequest): HttpResponse {
    const clientId = request.input().allowOnly('client_id').optionalText('client_id');
    return jsonResponse({ revoked: this.kommo.oauth.revoke(this.accountOf(request), clientId) });
  }

  private disposableToken(request: ControlRequest): HttpResponse {
    const account = this.accountOf(request);
    const input = request.input().allowOnly('client_id', 'user_id');
    const integration = this.integrationOf(input);
    return jsonResponse({ token: this.kommo.disposableToken(account, integration.clientId, input.optionalInteger('user_id')) });
  }

  private disableWebhooks(request: ControlRequest): HttpResponse {
    const account = this.accountOf(request);
    for (const webhook of account.webhooks) webhook.disabled = true;
    return jsonResponse({ disabled: account.webhooks.length });
  }

  private removeWebhooks(request: ControlRequest): HttpResponse {
    const removed = this.accountOf(request).webhooks.splice(0);
    for (const webhook of removed) webhook.disabled = true;
    return jsonResponse({ removed: removed.length });
  }

  private unblock(): HttpResponse {
    this.kommo.limiter.unblock();
    return noContent;
  }

  private listHooks(request: ControlRequest): HttpResponse {
    const deliveries = this.kommo.hooks.list(request.queryNumber('account_id'));
    if (request.query.get('summary') !== '1') return jsonResponse(deliveries.map(deliveryView));
    const counts: Record<string, number> = {};
    for (const { state } of deliveries) counts[state] = (counts[state] ?? 0) + 1;
    return jsonResponse(counts);
  }

  private async flushHooks(): Promise<HttpResponse> {
    const sent = await this.kommo.hooks.flush();
    const delivered = sent.filter(({ state }) => state === 'delivered').length;
    return jsonResponse({ sent: sent.length, delivered, failed: sent.length - delivered });
  }

  private loseHooks(request: ControlRequest): HttpResponse {
    const count = request.input().allowOnly('count').optionalInteger('count') ?? 1;
    if (count < 0) throw new ControlError('count must be 0 or more');
    this.kommo.hooks.lose(count);
    return jsonResponse({ losing: count });
  }

  private integrationOf(input: Input): Integration {
    const clientId = input.text('client_id');
    const integration = this.kommo.registry.integrations.get(clientId);
    if (!integration) throw new ControlError(`unknown integration ${clientId}`, 404);
    return integration;
  }
}

function userOf(account: KommoAccount, input: Input): KommoUser {
  const id = input.optionalInteger('user_id');
  const user = id === undefined ? account.owner : account.identity.users.find((candidate) => candidate.id === id);
  if (!user) throw new ControlError(`account ${account.id} has no user ${id}`, 404);
  return user;
}

function outcomeView(result: OutboundResult): Record<string, unknown> {
  return {
    status: result.kind === 'responded' ? result.status : null,
    outcome: result.kind,
    ...(result.kind === 'unreachable' && { reason: result.reason }),
  };
}

function deliveryView(delivery: Delivery): Record<string, unknown> {
  const { seq, accountId, webhook, state, entities, requestId, body, attempts } = delivery;
  return {
    seq,
    account_id: accountId,
    destination: webhook.destination,
    state,
    entities,
    request_id: requestId,
    attempts: attempts.map(({ atMs, status }) => ({ at_ms: atMs, status })),
    body,
  };
}
