import { Injectable } from '@nestjs/common';
import type { AccountEntity } from '#database';
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

  /** Creates the webhook, or enables one that Unisender has stopped (reference/unisender.md 8.1). */
  async ensure(account: AccountEntity): Promise<void> {
    const key = findUsableUnisenderKey(this.keyring, account);
    if (key) await this.unisender.setHook(key, { url: this.urls.getUnisenderUrl(account), ...WEBHOOK });
  }

  /** Deletes the webhook. */
  async remove(account: AccountEntity): Promise<void> {
    const key = findUsableUnisenderKey(this.keyring, account);
    if (key) await this.unisender.removeHook(key, this.urls.getUnisenderUrl(account));
  }
}
