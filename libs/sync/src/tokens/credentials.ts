import type { AccessEntity, AccountEntity } from '#database';
import { type AccountUse, BugError, type Secret, requireUsableAccount } from '#domain';
import type { KommoSession, TokenPair } from '#kommo';
import type { SyncContext } from '../context.js';
import { accessTokenContext, clientSecretContext, refreshTokenContext } from './sealing.js';

/** An account's access as it stood at one moment. */
export interface Credentials {
  readonly session: KommoSession;
  readonly clientId: string;
  readonly apiDomain: string | null;
  readonly refreshToken: Secret;
  /** When the access token expires, epoch milliseconds. */
  readonly expiresAt: number;
  /** When Kommo gave the pair, epoch milliseconds. */
  readonly refreshedAt: number;
  /** Another version = another pair. */
  readonly version: number;
}

/** What Kommo wants to see of the integration besides a code or a refresh token. */
export interface ClientIdentity {
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly redirectUri: string;
}

const open = (context: SyncContext, access: AccessEntity, account: AccountEntity): Credentials => ({
  session: {
    host: account.host,
    accountId: account.accountId,
    accessToken: context.keyring.decrypt(access.accessToken, accessTokenContext(account.accountId)),
  },
  clientId: account.clientId,
  apiDomain: account.apiDomain,
  refreshToken: context.keyring.decrypt(access.refreshToken, refreshTokenContext(account.accountId)),
  expiresAt: access.expiresAt,
  refreshedAt: access.refreshedAt,
  version: access.version,
});

/**
 * The stored access of an account. Throws AccountBlockedError unless the account is active.
 *
 * The pair is read before the account: an install that commits in between leaves an old version with the new integration,
 * which is noticed by its version; the other order could hide it.
 */
export const loadCredentials = (context: SyncContext, accountId: number): Promise<Credentials> => load(context, accountId, 'call_kommo');

/** As {@link loadCredentials}, also of a suspended account: its tokens stay valid until it continues. */
export const loadRenewable = (context: SyncContext, accountId: number): Promise<Credentials> => load(context, accountId, 'renew_tokens');

async function load(context: SyncContext, accountId: number, use: AccountUse): Promise<Credentials> {
  const access = await context.stores.accesses.find(accountId);
  const nowMs = context.clock.nowMs();
  const account = requireUsableAccount(await context.stores.accounts.find(accountId), { accountId, use, nowMs });
  if (!access) throw new BugError(`account ${accountId} has no access`, { code: 'access_missing' });
  return open(context, access, account);
}

/** The session of the stored access whatever the account's status, unless its token has expired. For asking, never for work. */
export async function findStoredSession(context: SyncContext, accountId: number): Promise<KommoSession | undefined> {
  const access = await context.stores.accesses.find(accountId);
  const account = await context.stores.accounts.find(accountId);
  if (!access || !account || access.expiresAt <= context.clock.nowMs()) return undefined;
  return open(context, access, account).session;
}

/** Throws BugError `account_integration_missing`: an account's integration cannot be deleted. */
export async function getClientIdentity(context: SyncContext, clientId: string): Promise<ClientIdentity> {
  const integration = await context.stores.integrations.find(clientId);
  if (!integration) throw new BugError(`integration ${clientId} is not saved`, { code: 'account_integration_missing' });
  const { redirectUri } = integration;
  return { clientId, redirectUri, clientSecret: context.keyring.decrypt(integration.clientSecret, clientSecretContext(clientId)) };
}

/** A pair as it is kept. Throws BugError when its access token says that it belongs to another account. */
export function sealPair({ keyring, clock }: SyncContext, accountId: number, pair: TokenPair) {
  if (pair.claims.accountId !== undefined && pair.claims.accountId !== accountId) {
    throw new BugError(`Kommo gave account ${accountId} the tokens of another account`, { code: 'kommo_foreign_tokens' });
  }
  return {
    pair: {
      accessToken: keyring.encrypt(pair.accessToken.reveal(), accessTokenContext(accountId)),
      refreshToken: keyring.encrypt(pair.refreshToken.reveal(), refreshTokenContext(accountId)),
    },
    expiresAt: clock.nowMs() + pair.expiresInSeconds * 1000,
  };
}
