import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { type WebhookTokenEntity, WebhookTokenStore, type WebhookVendor } from '#database';
import { BugError, Logger, ServiceError } from '#domain';
import { Keyring, randomToken } from '#secrets';
import { hashWebhookToken, WebhookTokens } from '../intake/webhook-tokens.js';
import { webhookTokenContext } from '../tokens/sealing.js';

const vendors = ['kommo', 'unisender'] as const;
const paths = { kommo: '/webhook/', unisender: '/unisender/webhook/' } as const satisfies Record<WebhookVendor, string>;

/**
 * Creates and reads the URLs to which the vendors send the events of an account. Each vendor has a URL of its own with a secret token:
 * never log or show them.
 */
@Injectable()
export class WebhookUrls {
  constructor(
    private readonly store: WebhookTokenStore,
    private readonly tokens: WebhookTokens,
    private readonly keyring: Keyring,
    private readonly config: Config,
    private readonly logger: Logger,
  ) {}

  /** Creates the tokens of an account that has none yet. */
  async ensureTokens(accountId: number): Promise<void> {
    for (const vendor of vendors) {
      if (!(await this.store.findCurrent(accountId, vendor))) await this.createToken(accountId, vendor);
    }
  }

  /**
   * Creates new tokens for an account. The former ones are valid until `formerUntilMs` (epoch milliseconds). Call it in a transaction;
   * then create the webhooks again.
   */
  async renewTokens(accountId: number, formerUntilMs: number): Promise<void> {
    await this.store.retire(accountId, formerUntilMs);
    this.tokens.forget(accountId);
    for (const vendor of vendors) await this.createToken(accountId, vendor);
  }

  /** Returns the present URL for a vendor. Throws BugError when the account has no token. */
  async get(accountId: number, vendor: WebhookVendor): Promise<string> {
    const token = await this.store.findCurrent(accountId, vendor);
    if (!token) throw new BugError(`Account ${accountId} has no webhook token`, { code: 'webhook_token_missing' });
    return this.toUrl(token);
  }

  /**
   * Calls `remove` with each former URL that the vendor may still call. `remove` deletes the webhook and returns whether it could.
   * Only logs the service's own errors: the watchdog tries again.
   */
  async removeFormer(accountId: number, vendor: WebhookVendor, remove: (url: string) => Promise<boolean>): Promise<void> {
    for (const token of await this.store.listFormer(accountId, vendor)) {
      try {
        if (await remove(this.toUrl(token))) await this.store.markUnregistered(token.tokenHash);
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        this.logger.warn('former webhook not removed; will try again', { account_id: accountId, vendor, error });
      }
    }
    await this.store.deleteEnded(accountId);
  }

  private toUrl({ tokenHash, vendor, token }: WebhookTokenEntity): string {
    return this.config.publicUrl + paths[vendor] + this.keyring.decrypt(token, webhookTokenContext(tokenHash)).reveal();
  }

  private async createToken(accountId: number, vendor: WebhookVendor): Promise<void> {
    const token = randomToken();
    const tokenHash = hashWebhookToken(token);
    await this.store.add({ tokenHash, accountId, vendor, token: this.keyring.encrypt(token, webhookTokenContext(tokenHash)) });
  }
}
