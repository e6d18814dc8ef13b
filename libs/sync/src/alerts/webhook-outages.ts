import { Injectable } from '@nestjs/common';
import { AccountBlockedError, Logger, ServiceError } from '#domain';
import { WebhookTokens } from '../intake/webhook-tokens.js';
import { WebhookWatchdog } from '../maintenance/webhook-watchdog.js';

/** More tokens are left to the hourly check of all accounts. */
const MAX_TOKENS = 10_000;

/**
 * Remembers the webhooks that this process refused with 503, and checks them at Kommo once the service accepts them again: Kommo
 * switches off a webhook that fails (reference/kommo.md 5.5).
 */
@Injectable()
export class WebhookOutages {
  private readonly tokens = new Set<string>();

  constructor(
    private readonly webhookTokens: WebhookTokens,
    private readonly watchdog: WebhookWatchdog,
    private readonly logger: Logger,
  ) {}

  /** Remembers the token of a webhook that was refused. It may be unknown. */
  note(token: string): void {
    if (this.tokens.size < MAX_TOKENS) this.tokens.add(token);
  }

  /** Checks the webhooks that were refused, each once. Keeps the others when the database or Kommo is unavailable. */
  async check(): Promise<void> {
    for (const token of [...this.tokens]) {
      try {
        const account = await this.webhookTokens.findAccount(token, 'kommo');
        if (account) await this.watchdog.check(account.accountId);
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        this.logger.warn('webhook not checked after an outage', { error });
        if (!(error instanceof AccountBlockedError)) return;
      }
      this.tokens.delete(token);
    }
  }
}
