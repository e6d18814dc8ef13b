import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { AccountStore } from '#database';
import { InvalidInputError } from '#domain';
import { buildConsentUrl } from '#kommo';
import { OAuthClients } from '../tokens/oauth-clients.js';
import { AuthorizationStates } from './authorization-states.js';
import { assertAccountId } from './integration-input.js';

/** A link to Kommo's consent page. */
export interface AuthorizationLink {
  readonly url: string;
  readonly clientId: string;
  readonly state: string;
}

/** Creates links to the page of Kommo on which a user allows the access to an account. */
@Injectable()
export class AuthorizationLinks {
  constructor(
    private readonly accounts: AccountStore,
    private readonly clients: OAuthClients,
    private readonly states: AuthorizationStates,
    private readonly config: Config,
  ) {}

  /**
   * Creates a link that works once, for 20 minutes. It uses the integration of the account, else the requested one, else the oldest
   * one. Reads and responds alike for known and unknown accounts. Throws InvalidInputError while no integration is saved.
   */
  async create(request: { readonly accountId: number; readonly clientId?: string | undefined }): Promise<AuthorizationLink> {
    const { accountId } = request;
    assertAccountId(accountId);
    const clientId = await this.chooseIntegration(accountId, request.clientId);
    const state = this.states.create(accountId, clientId);
    return { url: buildConsentUrl({ oauthUrl: this.config.kommoOauthUrl, clientId, state }), clientId, state };
  }

  private async chooseIntegration(accountId: number, requested: string | undefined): Promise<string> {
    const account = await this.accounts.find(accountId);
    const ids = await this.clients.listIds();
    const chosen = account?.clientId ?? ids.find((id) => id === requested) ?? ids[0];
    if (chosen !== undefined) return chosen;
    throw new InvalidInputError('No integration is saved yet: send one to POST /integration', { code: 'integration_missing' });
  }
}
