import { createHmac } from 'node:crypto';
import type { OutboundResult, SendOutbound } from '../http/outbound.js';
import type { KommoAccount, KommoUser } from './account.js';
import type { Integration } from './registry.js';
import { disposableJwt } from './jwt.js';
import type { OAuthServer } from './oauth-server.js';

const senderAgent = 'amoService-oAuth-Code-Sender/1.0';
const installLimitMs = 3000;
const disposableLifeSeconds = 1800;

/** A user of an account gives an integration access. */
export interface ConsentRequest {
  readonly integration: Integration;
  readonly account: KommoAccount;
  readonly user: KommoUser;
  readonly state: string | undefined;
}

/** The redirect after "Allow", with a new code (reference kommo 1.3). */
export function allowedRedirect(oauth: OAuthServer, { integration, account, user, state }: ConsentRequest): string {
  const code = oauth.issueCode(integration, account, user);
  return withQuery(integration.redirectUri, { code, state, referer: account.host, client_id: integration.clientId });
}

/** The redirect after "Decline". */
export function declinedRedirect(integration: Integration, state: string | undefined): string {
  return withQuery(integration.redirectUri, { error: 'access_denied', client_id: integration.clientId, state });
}

/** Calls the redirect URI, as Kommo's server does when a widget is installed: one attempt, three seconds, no state. */
export function installFromWidget(oauth: OAuthServer, send: SendOutbound, request: ConsentRequest): Promise<OutboundResult> {
  const { integration, account, user } = request;
  const url = withQuery(integration.redirectUri, {
    code: oauth.issueCode(integration, account, user),
    referer: account.host,
    platform: account.identity.domain === 'amocrm.ru' ? '1' : '2',
    client_id: integration.clientId,
    from_widget: '1',
  });
  return send({ method: 'GET', url, headers: { 'user-agent': senderAgent }, timeoutMs: installLimitMs });
}

function uninstallUrl(integration: Integration, accountId: number, url: string): string {
  const signature = uninstallSignature(integration, accountId);
  return withQuery(url, { client_uuid: integration.clientId, account_id: String(accountId), signature });
}

function uninstallSignature({ clientId, clientSecret }: Pick<Integration, 'clientId' | 'clientSecret'>, accountId: number): string {
  return createHmac('sha256', clientSecret).update(`${clientId}|${accountId}`).digest('hex');
}

/** Sends the signed "access revoked" call (reference kommo 3). */
export function sendUninstall(send: SendOutbound, integration: Integration, accountId: number): Promise<OutboundResult> {
  if (integration.uninstallUrl === null) return Promise.resolve({ kind: 'unreachable', reason: 'the integration has no uninstall_url' });
  const url = uninstallUrl(integration, accountId, integration.uninstallUrl);
  return send({ method: 'GET', url, headers: { 'user-agent': senderAgent }, timeoutMs: installLimitMs });
}

/** The contents of a widget token. */
export interface DisposableTokenInput {
  readonly integration: Integration;
  readonly account: KommoAccount;
  readonly user: KommoUser;
  readonly tokenId: string;
  readonly nowSeconds: number;
  readonly withAdminClaim: boolean;
}

/** Creates the token that a widget's page sends to its backend (reference kommo 2). */
export function disposableToken({ integration, account, user, tokenId, nowSeconds, withAdminClaim }: DisposableTokenInput): string {
  const redirect = new URL(integration.redirectUri);
  const claims = {
    iss: `https://${account.host}`,
    aud: `${redirect.protocol}//${redirect.hostname}`,
    jti: tokenId,
    iat: nowSeconds,
    nbf: nowSeconds,
    exp: nowSeconds + disposableLifeSeconds,
    account_id: account.id,
    user_id: user.id,
    subdomain: account.subdomain,
    client_uuid: integration.clientId,
    ...(withAdminClaim && { is_admin: user.isAdmin }),
  };
  return disposableJwt(claims, integration.clientSecret);
}

function withQuery(base: string, values: Readonly<Record<string, string | undefined>>): string {
  const url = new URL(base);
  for (const [key, value] of Object.entries(values)) if (value !== undefined) url.searchParams.set(key, value);
  return url.href;
}
