import { Injectable } from '@nestjs/common';
import type { AccountEntity } from '#database';
import type { Secret } from '#domain';
import { Keyring } from '#secrets';
import { UnisenderClient } from '#unisender';
import { findUsableUnisenderKey } from '../tokens/sealing.js';
import { WebhookUrls } from './webhook-urls.js';

/** The events of the webhook. Each delivery has one event and so one address (reference/unisender.md 8.5). */
const WEBHOOK = {
  events: { unsubscribe: '*', subscribe: '*', email_status: '*' },
  singleEvent: true,
} as const;

/** Creates and deletes the webhooks of accounts in Unisender. Does nothing without a key that Unisender accepts. */
@Injectable()
export class UnisenderWebhooks {
  constructor(
    private readonly unisender: UnisenderClient,
    private readonly urls: WebhookUrls,
    private readonly keyring: Keyring,
  ) {}

  /** Creates the webhook, or enables one that Unisender has stopped (reference/unisender.md 8.1), and deletes those of former URLs. */
  async ensure(account: AccountEntity): Promise<void> {
    const key = findUsableUnisenderKey(this.keyring, account);
    if (!key) return;
    await this.unisender.setHook(key, { url: await this.urls.get(account.accountId, 'unisender'), ...WEBHOOK });
    await this.removeFormer(account.accountId, key);
  }

  /** Deletes all webhooks of the account. */
  async remove(account: AccountEntity): Promise<void> {
    const key = findUsableUnisenderKey(this.keyring, account);
    if (!key) return;
    await this.removeFormer(account.accountId, key);
    await this.unisender.removeHook(key, await this.urls.get(account.accountId, 'unisender'));
  }

  private async removeFormer(accountId: number, key: Secret): Promise<void> {
    await this.urls.removeFormer(accountId, 'unisender', async (url) => {
      await this.unisender.removeHook(key, url);
      return true;
    });
  }
}
