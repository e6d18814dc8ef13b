import type { AccountEntity } from '#database';
import type { SyncContext } from '../context.js';
import { webhookTokenContext } from '../tokens/sealing.js';

/** Where the vendors report an account's events. The URLs carry the account's secret token: never log or show them. */
export interface WebhookUrls {
  readonly kommo: string;
  readonly unisender: string;
}

/** The account's URLs under our public address. */
export function openWebhookUrls({ config, keyring }: SyncContext, { accountId, webhookToken }: AccountEntity): WebhookUrls {
  const token = keyring.decrypt(webhookToken, webhookTokenContext(accountId)).reveal();
  const base = config.publicUrl.replace(/\/+$/, '');
  return { kommo: `${base}/webhook/${token}`, unisender: `${base}/unisender/webhook/${token}` };
}
