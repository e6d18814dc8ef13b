import type { AccountEntity } from '#database';
import { type AccountFacts, type Secret, findAccountHindrance } from '#domain';
import type { Keyring } from '#secrets';

/** Keyring contexts, one per sealed column: a value moved to another row or column does not open. */
export const accessTokenContext = (accountId: number): string => `accesses.access_token:${accountId}`;
export const refreshTokenContext = (accountId: number): string => `accesses.refresh_token:${accountId}`;
export const clientSecretContext = (clientId: string): string => `integrations.client_secret:${clientId}`;
export const webhookTokenContext = (accountId: number): string => `accounts.webhook_token:${accountId}`;
export const unisenderKeyContext = (accountId: number): string => `accounts.unisender_key:${accountId}`;

/** The account's Unisender key, accepted or not; undefined when none was given. */
export function openUnisenderKey(
  { keyring }: { readonly keyring: Keyring },
  { accountId, unisenderKey }: Pick<AccountEntity, 'accountId' | 'unisenderKey'>,
): Secret | undefined {
  return unisenderKey === null ? undefined : keyring.decrypt(unisenderKey, unisenderKeyContext(accountId));
}

/** The account's Unisender key; undefined when none was given, and while Unisender refuses it. */
export function findUsableUnisenderKey(context: { readonly keyring: Keyring }, account: AccountFacts): Secret | undefined {
  const isUsable = findAccountHindrance(account, 'call_unisender', 0) === undefined;
  return isUsable ? openUnisenderKey(context, account) : undefined;
}
