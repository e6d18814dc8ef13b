import { Injectable } from '@nestjs/common';
import { type AccountEntity, AccountStore, type UnisenderWebhookState } from '#database';
import type { Secret } from '#domain';
import { Keyring } from '#secrets';
import { UnisenderClient, UnisenderMethodDeniedError } from '#unisender';
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
    private readonly accounts: AccountStore,
  ) {}

  /** Creates the webhook, or enables one that Unisender has stopped (reference/unisender.md 8.1), and deletes those of former URLs. */
  async ensure(account: AccountEntity): Promise<void> {
    const key = findUsableUnisenderKey(this.keyring, account);
    if (!key) return;
    await this.setOrMissing(account, key);
    await this.removeFormer(account.accountId, key);
    if (account.unisenderWebhookState === null) await this.accounts.update(account.accountId, { unisenderWebhookState: 'active' });
  }

  /**
   * Reads the state of the webhook from Unisender, which stops one after 24 hours of failed deliveries, and starts one that is not
   * active. Returns whether events may have been missed. Then the account keeps the state that was found: the caller sets it to `active`
   * after it has started a reconciliation. Without access to webhooks there is nothing to repair.
   */
  async repair(account: AccountEntity): Promise<boolean> {
    const key = findUsableUnisenderKey(this.keyring, account);
    if (!key) return false;
    try {
      return await this.repairWith(account, key);
    } catch (error) {
      if (!(error instanceof UnisenderMethodDeniedError)) throw error;
      return false;
    }
  }

  private async repairWith(account: AccountEntity, key: Secret): Promise<boolean> {
    const { accountId, unisenderWebhookState: stored } = account;
    const found = await this.readState(accountId, key);
    const state = found === 'active' ? (stored ?? 'active') : found;
    if (state !== stored) await this.accounts.update(accountId, { unisenderWebhookState: state });
    if (found !== 'active') await this.setHook(accountId, key);
    await this.removeFormer(accountId, key);
    return state !== 'active';
  }

  /** Without access to webhooks there is none. */
  private async setOrMissing({ accountId }: AccountEntity, key: Secret): Promise<void> {
    try {
      await this.setHook(accountId, key);
    } catch (error) {
      if (error instanceof UnisenderMethodDeniedError) await this.accounts.update(accountId, { unisenderWebhookState: 'missing' });
      throw error;
    }
  }

  private async setHook(accountId: number, key: Secret): Promise<void> {
    await this.unisender.setHook(key, { url: await this.urls.get(accountId, 'unisender'), ...WEBHOOK });
  }

  private async readState(accountId: number, key: Secret): Promise<UnisenderWebhookState> {
    const ownUrl = await this.urls.get(accountId, 'unisender');
    const hook = (await this.unisender.listHooks(key)).find(({ url }) => url === ownUrl);
    if (!hook) return 'missing';
    return hook.status === 'stopped' ? 'stopped' : 'active';
  }

  /** Deletes all webhooks of the account. */
  async remove(account: AccountEntity): Promise<void> {
    const key = findUsableUnisenderKey(this.keyring, account);
    if (!key) return;
    await this.removeFormer(account.accountId, key);
    await this.unisender.removeHook(key, await this.urls.get(account.accountId, 'unisender'));
  }

  /** Without access to `removeHook` the webhooks of former URLs stay; Unisender stops them after a day. */
  private async removeFormer(accountId: number, key: Secret): Promise<void> {
    try {
      await this.urls.removeFormer(accountId, 'unisender', async (url) => {
        await this.unisender.removeHook(key, url);
        return true;
      });
    } catch (error) {
      if (!(error instanceof UnisenderMethodDeniedError)) throw error;
    }
  }
}
