import type { Clock } from '#domain';
import { emptyForm, parseForm, type FormTree } from '../http/form.js';
import { jsonResponse, type IncomingCall, type HttpResponse } from '../http/message.js';
import type { Switches } from '../switches.js';
import type { KommoAccount } from './account.js';
import { asRecord } from './contact-input.js';
import type { OAuthServer, TokenOutcome } from './oauth-server.js';
import { kommoProblem, oauthProblem } from './problems.js';
import type { KommoRegistry } from './registry.js';

type Fields = Readonly<Record<string, unknown>>;

/** What the token endpoint needs. */
export interface TokenPorts {
  readonly clock: Clock;
  readonly switches: Switches;
  readonly registry: KommoRegistry;
  readonly oauth: OAuthServer;
}

/** `POST /oauth2/access_token` (reference kommo 1.4). */
export class TokenEndpoint {
  constructor(private readonly ports: TokenPorts) {}

  /** Checks the request and issues a token pair, after the switched delay. */
  async handle(call: IncomingCall): Promise<HttpResponse> {
    const { clock, switches, registry } = this.ports;
    const delayMs = switches.get('kommo.token_delay_ms');
    if (delayMs > 0) await clock.sleep(delayMs);
    const account = registry.findAccountByHost(call.host);
    if (!account) return kommoProblem(switches.get('kommo.renamed_status'), `Cannot POST https://${call.host}${call.path}`);
    const fields = this.fieldsOf(call);
    return fields ? this.issue(account, fields) : oauthProblem('Check the `client_id` parameter', 401);
  }

  private fieldsOf(call: IncomingCall): Fields | FormTree | undefined {
    const type = call.headers['content-type'] ?? '';
    const text = call.body.toString('utf8');
    if (type.startsWith('application/json')) return asRecord(parsed(text));
    return this.ports.switches.get('kommo.token_accepts_form') ? parseForm(text) : undefined;
  }

  private issue(account: KommoAccount, fields: Fields): HttpResponse {
    const integration = this.ports.registry.integrations.get(String(fields.client_id));
    if (!integration) return oauthProblem('Check the `client_id` parameter');
    if (fields.client_secret !== integration.clientSecret) return oauthProblem('Check the `client_secret` parameter');
    if (fields.redirect_uri !== integration.redirectUri) return oauthProblem('Redirect URI is not associated with client');
    const { oauth } = this.ports;
    if (fields.grant_type === 'authorization_code') return this.toResponse(oauth.exchange(integration, account, String(fields.code)));
    if (fields.grant_type === 'refresh_token') return this.toResponse(oauth.refresh(integration, account, String(fields.refresh_token)));
    return oauthProblem('Check the `grant_type` parameter');
  }

  private toResponse(outcome: TokenOutcome): HttpResponse {
    if ('hint' in outcome) return oauthProblem(outcome.hint);
    return jsonResponse({
      token_type: 'Bearer',
      expires_in: this.ports.switches.get('kommo.access_token_seconds'),
      server_time: Math.floor(this.ports.clock.nowMs() / 1000),
      access_token: outcome.pair.access,
      refresh_token: outcome.pair.refresh,
    });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return emptyForm();
  }
}
