import { Flag, From, Id, Optional, Text } from '../http/fields.js';

const URL_LENGTH = 1024;
const CODE_LENGTH = 4096;

/** Also under the names of the service's predecessors. */
export class IntegrationBody {
  @From('integrations_id', 'integration_id')
  @Text()
  client_id!: string;

  @From('integrations_secret_key', 'secret_key')
  @Text()
  client_secret!: string;

  @From('integrations_redirect_url', 'redirect_url', 'url')
  @Text(URL_LENGTH)
  redirect_uri!: string;

  @From('integrations_domain')
  @Optional()
  @Text()
  domain?: string;
}

export class SetupBody extends IntegrationBody {
  @From('id')
  @Id()
  account_id!: number;
}

/** Either what begins a consent (`id`) or what Kommo sends at its end (`code` or `error`); reference/kommo.md 1.3. */
export class AuthQuery {
  @Optional()
  @Id()
  id?: number;

  @Optional()
  @Text()
  client_id?: string;

  @Optional()
  @Flag()
  button?: boolean;

  @Optional()
  @Text(CODE_LENGTH)
  code?: string;

  @Optional()
  @Text()
  referer?: string;

  @Optional()
  @Text(CODE_LENGTH)
  state?: string;

  @Optional()
  @Flag()
  from_widget?: boolean;

  @Optional()
  @Text()
  error?: string;
}
