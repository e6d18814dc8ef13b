/** The keyring contexts under which secrets are sealed: a value moved to another row or column does not open. */
export const accessTokenContext = (accountId: number): string => `accesses.access_token:${accountId}`;
export const refreshTokenContext = (accountId: number): string => `accesses.refresh_token:${accountId}`;
export const clientSecretContext = (clientId: string): string => `integrations.client_secret:${clientId}`;
export const webhookTokenContext = (accountId: number): string => `accounts.webhook_token:${accountId}`;
