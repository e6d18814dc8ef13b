import { randomUUID } from 'node:crypto';
import { jsonResponse, movedResponse, textResponse, type IncomingCall, type HttpResponse } from '../http/message.js';
import { Router } from '../http/router.js';
import type { EmulatorPorts } from '../emulator-ports.js';
import type { KommoAccount } from './account.js';
import { listCustomFields, listTags, listUsers, showAccount } from './account-endpoint.js';
import type { ApiHandler } from './api-request.js';
import { ConsentPage } from './consent-page.js';
import { disposableToken } from './consent.js';
import { ContactService } from './contact-service.js';
import { ContactsEndpoint } from './contacts-endpoint.js';
import { KommoHookSender } from './kommo-hook-sender.js';
import { KommoLimiter } from './limiter.js';
import { OAuthServer, type Grant } from './oauth-server.js';
import { kommoProblem } from './problems.js';
import { KommoRegistry } from './registry.js';
import { TokenEndpoint } from './token-endpoint.js';
import { showUser } from './users-endpoint.js';
import { WebhooksEndpoint } from './webhooks-endpoint.js';
import { WidgetPages } from './widget-pages.js';

const kommoHost = /^(?:[a-z0-9-]+\.)*(?:kommo\.com|kommo\.test|amocrm\.ru|amocrm\.com)$/;

/** True for the hosts that belong to the emulated Kommo. */
export function isKommoHost(host: string): boolean {
  return kommoHost.test(host);
}

/** The emulated Kommo with all its hosts and accounts. */
export class KommoEmulator {
  readonly registry = new KommoRegistry();
  readonly oauth: OAuthServer;
  readonly limiter: KommoLimiter;
  readonly contacts: ContactService;
  readonly hooks: KommoHookSender;
  readonly consentPage: ConsentPage;
  readonly widgets = new WidgetPages();
  private readonly tokenEndpoint: TokenEndpoint;
  private readonly api = new Router<ApiHandler>();

  constructor(private readonly ports: EmulatorPorts) {
    const { clock, switches } = ports;
    this.oauth = new OAuthServer(clock, switches);
    this.limiter = new KommoLimiter(clock, switches, () => this.disableAllWebhooks());
    this.hooks = new KommoHookSender(ports);
    this.contacts = new ContactService(clock, (account, event) => this.hooks.notify(account, event));
    this.consentPage = new ConsentPage(this.registry, this.oauth);
    this.tokenEndpoint = new TokenEndpoint({ clock, switches, registry: this.registry, oauth: this.oauth });
    this.addContactRoutes(new ContactsEndpoint(this.contacts, switches));
    this.addOtherRoutes(new WebhooksEndpoint(clock, switches));
  }

  /** Handles a call to any of Kommo's hosts. */
  async handle(call: IncomingCall): Promise<HttpResponse> {
    const response = this.redirectToNewHost(call) ?? (await this.route(call));
    return { ...response, headers: { ...response.headers, 'x-request-id': randomUUID() } };
  }

  /** Kommo also disables the webhooks of a blocked caller (reference kommo 4.6). Here every account belongs to it. */
  private disableAllWebhooks(): void {
    if (!this.ports.switches.get('kommo.block_disables_webhooks')) return;
    for (const { webhooks } of this.registry.accounts.values()) for (const webhook of webhooks) webhook.disabled = true;
  }

  private async route(call: IncomingCall): Promise<HttpResponse> {
    if (call.path === '/oauth' || call.path === '/oauth/') return this.consentPage.handle(call);
    if (call.path === '/oauth2/access_token') {
      return call.method === 'POST' ? this.tokenEndpoint.handle(call) : kommoProblem(405);
    }
    if (call.path === '/oauth2/account/current/subdomain') return this.showCurrentSubdomain(call);
    if (call.path.startsWith('/ajax/v2/integrations/')) return this.issueDisposableToken(call);
    if (call.path.startsWith('/api/v4/')) return this.handleApiCall(call);
    return this.widgets.handle(call) ?? notFound(call);
  }

  /** Undefined unless the switch is set and the called host is the old one of a renamed account. */
  private redirectToNewHost({ host, path, query }: IncomingCall): HttpResponse | undefined {
    if (this.ports.switches.get('kommo.renamed_status') !== 301) return undefined;
    const account = this.registry.findMovedAccount(host);
    return account && movedResponse(`https://${account.host}${path}${query && `?${query}`}`);
  }

  private addContactRoutes(contacts: ContactsEndpoint): void {
    this.api.add('GET', '/api/v4/contacts', contacts.list('contact'));
    this.api.add('POST', '/api/v4/contacts', contacts.create('contact'));
    this.api.add('PATCH', '/api/v4/contacts', contacts.update('contact'));
    this.api.add('GET', '/api/v4/contacts/custom_fields', listCustomFields);
    this.api.add('GET', '/api/v4/contacts/tags', listTags);
    this.api.add('GET', '/api/v4/contacts/:id', contacts.single('contact'));
    this.api.add('PATCH', '/api/v4/contacts/:id', contacts.update('contact'));
    this.api.add('GET', '/api/v4/companies', contacts.list('company'));
    this.api.add('POST', '/api/v4/companies', contacts.create('company'));
    this.api.add('PATCH', '/api/v4/companies', contacts.update('company'));
    this.api.add('GET', '/api/v4/companies/:id', contacts.single('company'));
  }

  private addOtherRoutes(webhooks: WebhooksEndpoint): void {
    this.api.add('GET', '/api/v4/account', showAccount);
    this.api.add('GET', '/api/v4/users', listUsers);
    this.api.add('GET', '/api/v4/users/:id', showUser(this.ports.switches));
    this.api.add('GET', '/api/v4/webhooks', webhooks.list);
    this.api.add('POST', '/api/v4/webhooks', webhooks.subscribe);
    this.api.add('DELETE', '/api/v4/webhooks', webhooks.unsubscribe);
  }

  private handleApiCall(call: IncomingCall): HttpResponse {
    const grant = this.authenticate(call);
    if (!grant) return kommoProblem(401);
    const { account } = grant;
    if (!account.mode.paid) return kommoProblem(402);
    const match = this.api.find(call.method, call.path);
    if (match.kind === 'found') return match.handler({ call, account, grant, params: match.params });
    return match.kind === 'wrong_method' ? kommoProblem(405) : notFound(call);
  }

  /** Finds the grant of a valid token that belongs to the called host. On the shared API host the token alone decides. */
  private authenticate(call: IncomingCall): Grant | undefined {
    const bearer = /^Bearer (.+)$/i.exec(call.headers.authorization ?? '')?.[1];
    const grant = bearer === undefined ? undefined : this.oauth.authenticate(bearer);
    if (!grant) return undefined;
    const { account } = grant;
    return call.host === account.host || call.host === account.identity.apiDomain ? grant : undefined;
  }

  private showCurrentSubdomain(call: IncomingCall): HttpResponse {
    const token = call.headers['x-refresh-token'];
    const grant = typeof token === 'string' ? this.oauth.findGrantByRefresh(token) : undefined;
    if (!grant) return kommoProblem(401);
    const { id, subdomain, host, identity } = grant.account;
    return jsonResponse({ id, subdomain, domain: host, top_level_domain: identity.domain.split('.').at(-1) });
  }

  /** The widget's page calls this with the user's session. Here the cookie `user_id` names the user; the owner is the default. */
  private issueDisposableToken(call: IncomingCall): HttpResponse {
    const clientId = /^\/ajax\/v2\/integrations\/([^/]+)\/disposable_token$/.exec(call.path)?.[1];
    const integration = this.registry.integrations.get(clientId ?? '');
    const account = this.registry.findAccountByHost(call.host);
    if (!account || !integration) return notFound(call);
    if (call.headers['x-requested-with'] !== 'XMLHttpRequest') return textResponse('Forbidden', 403);
    const userId = Number(/(?:^|;\s*)user_id=(\d+)/.exec(call.headers.cookie ?? '')?.[1]);
    return jsonResponse({ token: this.disposableToken(account, integration.clientId, userId) });
  }

  /** A widget token for one user of the account. Undefined for an unknown integration. */
  disposableToken(account: KommoAccount, clientId: string, userId?: number): string | undefined {
    const integration = this.registry.integrations.get(clientId);
    if (!integration) return undefined;
    const user = account.identity.users.find(({ id }) => id === userId) ?? account.owner;
    const withAdminClaim = this.ports.switches.get('kommo.disposable_is_admin') === 'present';
    return disposableToken({ integration, account, user, tokenId: randomUUID(), nowSeconds: this.contacts.nowSeconds(), withAdminClaim });
  }
}

function notFound(call: IncomingCall): HttpResponse {
  return kommoProblem(404, `Cannot ${call.method} https://${call.host}${call.path}`);
}
