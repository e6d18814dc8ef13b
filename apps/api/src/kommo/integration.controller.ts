import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { Config } from '#config';
import { AuthorisedAccount } from '#domain';
import { Integrations } from '#sync';
import { Audited } from '../audit/audited.decorator.js';
import { uuid } from '../audit/audited-details.js';
import { Documented } from '../docs/documented.decorator.js';
import { Account } from '../guards/account.decorator.js';
import { Audience } from '../guards/audience.decorator.js';
import { ApiResult } from '../http/envelope.js';
import { SaveIntegrationDto } from './dto/integration.dto.js';

const toIntegration = ({ client_id, client_secret, redirect_uri, domain }: SaveIntegrationDto) => ({
  clientId: client_id,
  clientSecret: client_secret,
  redirectUri: redirect_uri,
  domain,
});

const exampleIntegration = {
  client_id: '0b0123f4-d123-4123-9123-e09f123456ca',
  client_secret: 'the-secret-of-the-integration',
  redirect_uri: 'https://sync.example.org/auth',
};

/** Saves the OAuth clients that the operator registered in Kommo. */
@Controller()
export class IntegrationController {
  constructor(
    private readonly integrations: Integrations,
    private readonly config: Config,
  ) {}

  @Post('integration')
  @HttpCode(200)
  @Audience('operator')
  @Audited('integration.save', { client_id: uuid, integrations_id: uuid })
  @Documented({
    summary: 'Creates or replaces an integration: an OAuth client that is registered in Kommo',
    data: 'IntegrationResponse',
    example: { body: exampleIntegration },
  })
  async saveIntegration(@Body() body: SaveIntegrationDto) {
    const { clientId } = await this.integrations.save(toIntegration(body));
    return new ApiResult({ client_id: clientId }, { message: 'The integration is saved' });
  }

  @Post('setup')
  @HttpCode(200)
  @Audience('operator')
  @Audited('account.setup', { client_id: uuid, integrations_id: uuid })
  @Documented({
    summary: 'Saves an integration together with its account',
    data: 'SetupResponse',
    example: { body: { account_id: 32_000_001, ...exampleIntegration } },
  })
  async saveSetup(@Account('account_id') { accountId }: AuthorisedAccount, @Body() body: SaveIntegrationDto) {
    const saved = await this.integrations.saveWithAccount({ ...toIntegration(body), accountId });
    const message = `Saved; now open ${this.config.publicUrl}/auth?id=${saved.accountId} in a browser and allow the access`;
    return new ApiResult({ client_id: saved.clientId, account_id: saved.accountId }, { message });
  }
}
