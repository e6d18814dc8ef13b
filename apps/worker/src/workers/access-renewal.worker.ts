import { type JobPayload } from '#domain';
import { TubeWorker } from '#queue';
import type { TokenService } from '#sync';

/** Renews the token pairs of the accounts that a job names; one account's failure never stops the next. */
export class AccessRenewalWorker extends TubeWorker<'accesses'> {
  readonly tube = 'accesses';

  constructor(private readonly tokens: TokenService) {
    super();
  }

  async process({ account_ids, asked_at }: JobPayload<'accesses'>): Promise<void> {
    await this.tokens.renew(account_ids, asked_at);
  }
}
