import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '#domain';
import type { Switches } from '../switches.js';
import type { KommoAccount, KommoUser } from './account.js';
import type { Integration } from './registry.js';
import { accessJwt } from './jwt.js';

/** The access of an integration to an account, given by a user. */
export interface Grant {
  readonly integration: Integration;
  readonly account: KommoAccount;
  readonly user: KommoUser;
  current: TokenPair;
  /** Pairs issued by a refresh and not used yet (rotation A, reference kommo 1.5). */
  pending: TokenPair[];
}

interface TokenPair {
  readonly access: string;
  readonly refresh: string;
  accessExpiresAtMs: number;
  readonly refreshExpiresAtMs: number;
  refreshSpent: boolean;
  revoked: boolean;
}

interface AuthorizationCode {
  readonly integration: Integration;
  readonly account: KommoAccount;
  readonly user: KommoUser;
  readonly expiresAtMs: number;
  used: boolean;
}

/** A token pair, or the `hint` of the error response. */
export type TokenOutcome = { pair: Pick<TokenPair, 'access' | 'refresh'> } | { hint: string };

const codeLifetimeMs = 20 * 60_000;
const scopes = ['push_notifications', 'files', 'crm', 'files_delete', 'notifications'];

/** Codes and tokens of all accounts (reference kommo 1.4-1.6). */
export class OAuthServer {
  private readonly codes = new Map<string, AuthorizationCode>();
  private readonly byAccess = new Map<string, { pair: TokenPair; grant: Grant }>();
  private readonly byRefresh = new Map<string, { pair: TokenPair; grant: Grant }>();
  private grants: Grant[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly switches: Switches,
  ) {}

  /** Creates an authorization code. */
  issueCode(integration: Integration, account: KommoAccount, user: KommoUser): string {
    const code = `def50200${randomBytes(120).toString('hex')}`;
    this.codes.set(code, { integration, account, user, expiresAtMs: this.clock.nowMs() + codeLifetimeMs, used: false });
    return code;
  }

  /** Exchanges a code for the first token pair. */
  exchange(integration: Integration, account: KommoAccount, code: string): TokenOutcome {
    const known = this.codes.get(code);
    if (known?.integration.clientId !== integration.clientId) return { hint: 'Cannot decrypt the authorization code' };
    if (known.account !== account) return { hint: 'Invalid account' };
    if (known.used) return { hint: 'Authorization code has been revoked' };
    if (this.clock.nowMs() >= known.expiresAtMs) return { hint: 'Authorization code has expired' };
    known.used = true;
    const pair = this.newPair(known);
    const grant: Grant = { integration, account, user: known.user, current: pair, pending: [] };
    this.grants.push(grant);
    this.remember(pair, grant);
    return { pair };
  }

  /** Exchanges a refresh token for a new token pair. */
  refresh(integration: Integration, account: KommoAccount, token: string): TokenOutcome {
    const found = this.byRefresh.get(token);
    if (found?.grant.integration.clientId !== integration.clientId) return { hint: 'Invalid refresh token' };
    const { grant, pair } = found;
    if (grant.account !== account) return { hint: 'Invalid account' };
    if (pair.refreshSpent || pair.revoked || this.clock.nowMs() >= pair.refreshExpiresAtMs) {
      return { hint: this.switches.get('kommo.spent_refresh_hint') };
    }
    this.promote(grant, pair);
    const next = this.newPair(grant);
    this.remember(next, grant);
    if (this.switches.get('kommo.rotation') === 'A') grant.pending.push(next);
    else this.replaceCurrent(grant, next);
    return { pair: next };
  }

  /** The grant of a valid access token. The first use of a pending pair makes it the current one. */
  authenticate(access: string): Grant | undefined {
    const found = this.byAccess.get(access);
    if (!found || found.pair.revoked || this.clock.nowMs() >= found.pair.accessExpiresAtMs) return undefined;
    if (this.switches.get('kommo.retired_by') === 'any_use') this.promote(found.grant, found.pair);
    return found.grant;
  }

  /** The grant of a refresh token that is not revoked. */
  findGrantByRefresh(token: string): Grant | undefined {
    const found = this.byRefresh.get(token);
    return found && !found.pair.revoked ? found.grant : undefined;
  }

  /** Revokes every token of the account, or of one client. Returns the number of grants. */
  revoke(account: KommoAccount, clientId?: string): number {
    const revoked = this.grants.filter(
      (grant) => grant.account === account && (clientId ?? grant.integration.clientId) === grant.integration.clientId,
    );
    for (const { pair, grant } of this.byAccess.values()) if (revoked.includes(grant)) pair.revoked = true;
    this.grants = this.grants.filter((grant) => !revoked.includes(grant));
    return revoked.length;
  }

  /** Expires the account's access tokens; refresh tokens stay valid. Returns the number of tokens. */
  expireAccess(account: KommoAccount): number {
    const now = this.clock.nowMs();
    const live = [...this.byAccess.values()].filter(({ pair, grant }) => grant.account === account && pair.accessExpiresAtMs > now);
    for (const { pair } of live) pair.accessExpiresAtMs = now;
    return live.length;
  }

  /** The grants of an account. */
  grantsOf(account: KommoAccount): readonly Grant[] {
    return this.grants.filter((grant) => grant.account === account);
  }

  private promote(grant: Grant, pair: TokenPair): void {
    if (grant.current === pair || !grant.pending.includes(pair)) return;
    for (const sibling of grant.pending) if (sibling !== pair) sibling.revoked = true;
    this.replaceCurrent(grant, pair);
  }

  private replaceCurrent(grant: Grant, pair: TokenPair): void {
    grant.current.refreshSpent = true;
    grant.current = pair;
    grant.pending = [];
  }

  private remember(pair: TokenPair, grant: Grant): void {
    this.byAccess.set(pair.access, { pair, grant });
    this.byRefresh.set(pair.refresh, { pair, grant });
  }

  private newPair(owner: { integration: Integration; account: KommoAccount; user: KommoUser }): TokenPair {
    const now = this.clock.nowMs();
    const accessExpiresAtMs = now + this.switches.get('kommo.access_token_seconds') * 1000;
    return {
      access: accessJwt(accessClaims(owner, now, accessExpiresAtMs)),
      refresh: `def50200${randomBytes(280).toString('hex')}`,
      accessExpiresAtMs,
      refreshExpiresAtMs: now + this.switches.get('kommo.refresh_token_seconds') * 1000,
      refreshSpent: false,
      revoked: false,
    };
  }
}

function accessClaims(
  owner: { integration: Integration; account: KommoAccount; user: KommoUser },
  nowMs: number,
  expiresAtMs: number,
): Record<string, unknown> {
  const { account, integration, user } = owner;
  const issued = Math.floor(nowMs / 1000);
  return {
    aud: integration.clientId,
    jti: createHash('sha256').update(randomUUID()).digest('hex'),
    iat: issued,
    nbf: issued,
    exp: Math.floor(expiresAtMs / 1000),
    sub: String(user.id),
    grant_type: '',
    account_id: account.id,
    base_domain: account.identity.domain,
    version: 2,
    scopes,
    hash_uuid: randomUUID(),
    api_domain: account.identity.apiDomain,
  };
}
