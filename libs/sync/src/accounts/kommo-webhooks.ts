import { Injectable } from '@nestjs/common';
import { type AccountEntity, AlertStore, type WebhookState } from '#database';
import { Clock, ServiceError, TransientError, alerts, errorCodeOf, hasErrorCode } from '#domain';
import { CONTACT_WEBHOOK_SETTINGS, KommoClient, type KommoSession } from '#kommo';
import { TokenService } from '../tokens/token-service.js';
import { WebhookUrls } from './webhook-urls.js';

/** The errors of Kommo when the plan or the rights of the user do not include webhooks (reference/kommo.md 5.1). */
export const isWebhookRefusal = (error: unknown): boolean => hasErrorCode(error, 'kommo_payment_required', 'kommo_forbidden');

/** Creates, checks and deletes the webhooks of accounts in Kommo. */
@Injectable()
export class KommoWebhooks {
  constructor(
    private readonly tokens: TokenService,
    private readonly kommo: KommoClient,
    private readonly urls: WebhookUrls,
    private readonly alerts: AlertStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Creates the webhook, or replaces one that is disabled or has other events, and deletes those of former URLs. Raises an alert when Kommo refuses it. Throws
   * TransientError, also `kommo_webhook_disabled` when Kommo keeps it disabled.
   */
  async ensure(account: AccountEntity): Promise<void> {
    const destination = await this.urls.get(account.accountId, 'kommo');
    await this.callKommo(account, async (session) => {
      const state = await this.kommo.ensureWebhook(session, { destination, settings: CONTACT_WEBHOOK_SETTINGS });
      if (state !== 'active') throw new TransientError('Kommo keeps the webhook disabled', { code: 'kommo_webhook_disabled' });
    });
    await this.removeFormer(account);
  }

  /** Whether Kommo responds to a call without webhooks: a refusal of them is then one of the plan or of the user's rights. */
  async canRead({ accountId }: AccountEntity): Promise<boolean> {
    try {
      await this.tokens.withSession(accountId, (session) => this.kommo.getAccount(session));
      return true;
    } catch (error) {
      if (error instanceof ServiceError) return false;
      throw error;
    }
  }

  /** Deletes the webhooks of former URLs. */
  async removeFormer(account: AccountEntity): Promise<void> {
    await this.urls.removeFormer(account.accountId, 'kommo', (url) => this.removeUrl(account, url));
  }

  /** Reads the state of the webhook from Kommo. Raises an alert when Kommo refuses the call. */
  async readState(account: AccountEntity): Promise<WebhookState> {
    const destination = await this.urls.get(account.accountId, 'kommo');
    const [webhook] = await this.callKommo(account, (session) => this.kommo.listWebhooks(session, destination));
    if (!webhook || !CONTACT_WEBHOOK_SETTINGS.every((setting) => webhook.settings.includes(setting))) return 'missing';
    return webhook.isDisabled ? 'disabled' : 'active';
  }

  /** Deletes all webhooks of the account, also of a disconnected one. Does nothing when the access token has expired. */
  async remove(account: AccountEntity): Promise<void> {
    await this.removeFormer(account);
    await this.removeUrl(account, await this.urls.get(account.accountId, 'kommo'));
  }

  /** Raises the alert that the webhook was off in Kommo. */
  async reportOff({ accountId }: AccountEntity, found: WebhookState): Promise<void> {
    await this.alerts.raise(alerts.webhookOff(accountId, found, this.clock.nowMs()));
  }

  private async removeUrl({ accountId }: AccountEntity, url: string): Promise<boolean> {
    const session = await this.tokens.findStoredSession(accountId);
    if (!session) return false;
    await this.kommo.deleteWebhook(session, url);
    return true;
  }

  private async callKommo<T>({ accountId }: AccountEntity, work: (session: KommoSession) => Promise<T>): Promise<T> {
    try {
      return await this.tokens.withSession(accountId, work);
    } catch (error) {
      if (isWebhookRefusal(error) || hasErrorCode(error, 'kommo_webhook_disabled')) {
        await this.alerts.raise(alerts.webhookMissing(accountId, errorCodeOf(error), this.clock.nowMs()));
      }
      throw error;
    }
  }
}
