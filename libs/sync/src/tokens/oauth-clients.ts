import { Injectable } from '@nestjs/common';
import { IntegrationStore } from '#database';
import { BugError, type Secret } from '#domain';
import { Keyring } from '#secrets';
import type { IntegrationInput } from '../accounts/integration-input.js';
import { clientSecretContext } from './sealing.js';

/** An integration with its secret, for calls to Kommo's token endpoint. */
export interface OAuthClient {
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly redirectUri: string;
}

/** Stores the integrations; their secrets are encrypted. */
@Injectable()
export class OAuthClients {
  constructor(
    private readonly integrations: IntegrationStore,
    private readonly keyring: Keyring,
  ) {}

  /** Creates or replaces an integration. */
  async save({ clientId, clientSecret, redirectUri, domain }: IntegrationInput): Promise<void> {
    const sealedSecret = this.keyring.encrypt(clientSecret, clientSecretContext(clientId));
    await this.integrations.save({ clientId, clientSecret: sealedSecret, redirectUri, domain: domain ?? null });
  }

  /** Lists the ids of all integrations, the oldest first. */
  async listIds(): Promise<string[]> {
    return (await this.integrations.list()).map(({ clientId }) => clientId);
  }

  /** Returns the integration, or undefined. */
  async find(clientId: string): Promise<OAuthClient | undefined> {
    const integration = await this.integrations.find(clientId);
    if (!integration) return undefined;
    const { redirectUri, clientSecret } = integration;
    return { clientId, redirectUri, clientSecret: this.keyring.decrypt(clientSecret, clientSecretContext(clientId)) };
  }

  /** Returns the integration of an account. Throws BugError `account_integration_missing`: the database refuses to delete it. */
  async get(clientId: string): Promise<OAuthClient> {
    const client = await this.find(clientId);
    if (client) return client;
    throw new BugError(`Integration ${clientId} of an account does not exist`, { code: 'account_integration_missing' });
  }
}
