import { htmlResponse, redirectResponse, type IncomingCall, type HttpResponse } from '../http/message.js';
import type { KommoAccount } from './account.js';
import { allowedRedirect, declinedRedirect } from './consent.js';
import type { Integration } from './registry.js';
import type { OAuthServer } from './oauth-server.js';
import type { KommoRegistry } from './registry.js';

/** `GET /oauth` shows the consent page, `POST /oauth` submits it. `&auto=1` allows at once. */
export class ConsentPage {
  constructor(
    private readonly registry: KommoRegistry,
    private readonly oauth: OAuthServer,
  ) {}

  /** Shows the page, or redirects the browser back to the integration. */
  handle(call: IncomingCall): HttpResponse {
    const query = new URLSearchParams(call.method === 'POST' ? call.body.toString('utf8') : call.query);
    const integration = this.registry.integrations.get(query.get('client_id') ?? '');
    if (!integration) return htmlResponse(page('<h1>Unknown integration</h1><p>client_id is missing or not registered.</p>'), 400);
    const isSubmitted = call.method === 'POST' || query.get('auto') === '1';
    return isSubmitted ? this.submit(integration, query) : htmlResponse(this.renderForm(integration, query));
  }

  private submit(integration: Integration, query: URLSearchParams): HttpResponse {
    const state = query.get('state') ?? undefined;
    if (query.get('decision') === 'decline') return redirectResponse(declinedRedirect(integration, state));
    const account = this.accountOf(query);
    if (!account) return htmlResponse(page('<h1>Unknown account</h1>'), 400);
    return redirectResponse(allowedRedirect(this.oauth, { integration, account, user: account.owner, state }));
  }

  private accountOf(query: URLSearchParams): KommoAccount | undefined {
    const id = query.get('account_id');
    if (id !== null && id !== '') return this.registry.accounts.get(Number(id));
    return [...this.registry.accounts.values()][0];
  }

  private renderForm(integration: Integration, query: URLSearchParams): string {
    const options = [...this.registry.accounts.values()].map(
      ({ id, host, identity }) => `<option value="${id}">${escapeHtml(identity.name)} (${escapeHtml(host)})</option>`,
    );
    const state = query.get('state');
    return page(`<h1>Allow ${escapeHtml(integration.name)} to use your account?</h1>
<form method="post" action="/oauth">
<input type="hidden" name="client_id" value="${escapeHtml(integration.clientId)}">
${state === null ? '' : `<input type="hidden" name="state" value="${escapeHtml(state)}">`}
<label>Account <select name="account_id">${options.join('')}</select></label>
<p><button name="decision" value="allow">Allow</button> <button name="decision" value="decline">Decline</button></p>
</form>`);
  }
}

function page(content: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Kommo (sandbox)</title>
<style>body{font:16px system-ui;max-width:34em;margin:4em auto}button{font:inherit;padding:.4em 1.2em}</style></head><body>${content}</body></html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
