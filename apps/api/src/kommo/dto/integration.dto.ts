import { IsOptional } from 'class-validator';
import { Alias, IsPlainText } from '../../http/dto-decorators.js';

const MAX_URL_LENGTH = 1024;

export class SaveIntegrationDto {
  @Alias('integrations_id', 'integration_id')
  @IsPlainText()
  client_id!: string;

  @Alias('integrations_secret_key', 'secret_key')
  @IsPlainText()
  client_secret!: string;

  @Alias('integrations_redirect_url', 'redirect_url', 'url')
  @IsPlainText(MAX_URL_LENGTH)
  redirect_uri!: string;

  @Alias('integrations_domain')
  @IsOptional()
  @IsPlainText()
  domain?: string;
}
