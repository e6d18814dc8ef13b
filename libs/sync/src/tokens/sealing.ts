import type { AccountEntity, SealedColumn, SealedValue } from '#database';
import { type AccountFacts, type Secret, hasUsableUnisenderKey } from '#domain';
import type { Keyring } from '#secrets';

/** The keyring's context of an access token. Each sealed column has one: a value moved to another row or column does not decrypt. */
export const accessTokenContext = (accountId: number): string => `accesses.access_token:${accountId}`;

/** The keyring's context of a refresh token. */
export const refreshTokenContext = (accountId: number): string => `accesses.refresh_token:${accountId}`;

/** The keyring's context of the secret of an integration. */
export const clientSecretContext = (clientId: string): string => `integrations.client_secret:${clientId}`;

/** The keyring's context of the token in the URL of a webhook. */
export const webhookTokenContext = (tokenHash: string): string => `webhook_tokens.token:${tokenHash}`;

/** The keyring's context of a Unisender key. */
export const unisenderKeyContext = (accountId: number): string => `accounts.unisender_key:${accountId}`;

/** The keyring's context of the key of the Unisender account that was used before. */
export const formerUnisenderKeyContext = (accountId: number): string => `accounts.former_unisender_key:${accountId}`;

/** The keyring's context of any stored value, in the same form as above. */
export const sealedValueContext = ({ table, column }: SealedColumn, { key }: Pick<SealedValue, 'key'>): string =>
  `${table}.${column}:${key}`;

/** Decrypts the account's Unisender key, also one that Unisender refuses. Undefined without a key. */
export function findUnisenderKey(
  keyring: Keyring,
  { accountId, unisenderKey }: Pick<AccountEntity, 'accountId' | 'unisenderKey'>,
): Secret | undefined {
  return unisenderKey === null ? undefined : keyring.decrypt(unisenderKey, unisenderKeyContext(accountId));
}

/** Decrypts the account's Unisender key. Undefined without a key, and while Unisender refuses it. */
export function findUsableUnisenderKey(keyring: Keyring, account: AccountFacts): Secret | undefined {
  return hasUsableUnisenderKey(account) ? findUnisenderKey(keyring, account) : undefined;
}
