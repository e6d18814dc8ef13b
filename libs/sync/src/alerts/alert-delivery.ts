import { Injectable } from '@nestjs/common';
import { AlertStore, type DueAlert } from '#database';
import { ALERT_DELIVERY_LIMIT_MS, ALERT_KEPT_MS, Clock, Logger, ServiceError, alertRetryDelayMs } from '#domain';
import { AlertWebhook } from '#monitoring';
import { AlertMessages } from './alert-messages.js';

const DUE_AT_ONCE = 100;
const PURGE_ROWS = 2_000;

/** Sends alerts and recoveries from the database to the operator's webhook: each at least once, by one process at a time. */
@Injectable()
export class AlertDelivery {
  constructor(
    private readonly alerts: AlertStore,
    private readonly webhook: AlertWebhook,
    private readonly messages: AlertMessages,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /**
   * Sends the due alerts, gives up those that failed for a day, and deletes old ones. After a failure the alert waits longer before
   * its next attempt, and this round sends no more. Without a webhook it sends nothing and deletes old alerts only.
   */
  async run(): Promise<void> {
    const nowMs = this.clock.nowMs();
    const givenUp = await this.alerts.giveUp(nowMs - ALERT_DELIVERY_LIMIT_MS);
    if (givenUp > 0 && this.webhook.isEnabled) {
      this.logger.error('alerts given up; ALERT_WEBHOOK_URL failed for a day', { given_up: givenUp });
    }
    await this.alerts.purge(nowMs - ALERT_KEPT_MS, PURGE_ROWS);
    if (this.webhook.isEnabled) await this.sendDue();
  }

  private async sendDue(): Promise<void> {
    for (const alert of await this.alerts.listDue(DUE_AT_ONCE)) {
      const retryAt = this.clock.nowMs() + alertRetryDelayMs(alert.attempts + 1);
      if ((await this.alerts.claim(alert, retryAt)) && !(await this.send(alert))) return;
    }
  }

  /** Returns false when the delivery failed. */
  private async send(alert: DueAlert): Promise<boolean> {
    try {
      await this.webhook.send(await this.messages.write(alert));
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      this.logger.warn('alert delivery failed; will retry', { alert: alert.key, attempts: alert.attempts + 1, error });
      return false;
    }
    await this.alerts.markDelivered(alert.key);
    return true;
  }
}
