import { Injectable } from '@nestjs/common';
import { AccountStore, Database } from '#database';
import { Clock, type ErrorCode, InvalidInputError, ServiceError } from '#domain';
import { VendorWebhooks } from '../accounts/vendor-webhooks.js';
import { WebhookUrls } from '../accounts/webhook-urls.js';
import { readAccounts } from './account-rounds.js';

/** Kommo repeats a delivery for an hour and a half (reference/kommo.md 5.5). */
const FORMER_VALID_MS = 2 * 3_600_000;

/** The result of a rotation for one account. */
export interface WebhookRotationReport {
  readonly accountId: number;
  /** Null when both vendors have the new URLs; otherwise the watchdog registers them later. */
  readonly failure: ErrorCode | null;
}

/** Gives accounts new secret webhook URLs and registers them at both vendors. The former URLs are valid for two hours. */
@Injectable()
export class WebhookRotation {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountStore,
    private readonly urls: WebhookUrls,
    private readonly webhooks: VendorWebhooks,
    private readonly clock: Clock,
  ) {}

  /** Rotates the URLs of one account, or of all active ones. Throws InvalidInputError `not_found` for an account that is not active. */
  async run(accountId?: number): Promise<WebhookRotationReport[]> {
    if (accountId !== undefined) {
      const account = await this.accounts.find(accountId);
      if (account?.status === 'active') return [await this.rotate(accountId)];
      throw new InvalidInputError(`Account ${accountId} is not active`, { code: 'not_found' });
    }
    const reports: WebhookRotationReport[] = [];
    for await (const account of readAccounts(this.accounts, { status: 'active' })) reports.push(await this.rotate(account.accountId));
    return reports;
  }

  private async rotate(accountId: number): Promise<WebhookRotationReport> {
    await this.database.transaction(async () => {
      await this.accounts.lockRow(accountId);
      await this.urls.renewTokens(accountId, this.clock.nowMs() + FORMER_VALID_MS);
    });
    try {
      await this.webhooks.ensure(accountId);
      return { accountId, failure: null };
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return { accountId, failure: error.code };
    }
  }
}
