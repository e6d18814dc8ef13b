import { Injectable } from '@nestjs/common';
import { AccountStore, Database } from '#database';
import { OAuthClients } from '../tokens/oauth-clients.js';
import { type IntegrationInput, assertAccountId, assertIntegrationInput } from './integration-input.js';
import { WebhookUrls } from './webhook-urls.js';

/** Saves the integrations that the operator registered in Kommo. */
@Injectable()
export class Integrations {
  constructor(
    private readonly clients: OAuthClients,
    private readonly accounts: AccountStore,
    private readonly database: Database,
    private readonly webhookUrls: WebhookUrls,
  ) {}

  /** Lists the ids of the saved integrations, the oldest first. */
  async listIds(): Promise<string[]> {
    return this.clients.listIds();
  }

  /** Creates or replaces an integration. Throws InvalidInputError that names every bad field. */
  async save(input: IntegrationInput): Promise<{ clientId: string }> {
    assertIntegrationInput(input);
    await this.clients.save(input);
    return { clientId: input.clientId };
  }

  /**
   * Saves an integration together with an account that uses it. An account that another integration authorised must be authorised
   * again: its tokens do not work with this one. Throws InvalidInputError that names every bad field.
   */
  async saveWithAccount({
    accountId,
    ...input
  }: IntegrationInput & { readonly accountId: number }): Promise<{ clientId: string; accountId: number }> {
    assertIntegrationInput(input);
    assertAccountId(accountId);
    const { clientId } = input;
    await this.database.transaction(async () => {
      await this.clients.save(input);
      const known = await this.accounts.find(accountId);
      await this.accounts.savePending({ accountId, clientId });
      await this.webhookUrls.ensureTokens(accountId);
      if (known && known.clientId !== clientId) await this.accounts.setStatus(accountId, 'reauthorization_required');
    });
    return { clientId, accountId };
  }
}
