import type { DueAlert } from '#database';
import { ALERT_DELIVERY_LIMIT_MS, ALERT_KEPT_MS, alertRetryDelayMs, ServiceError, toAlertText, toIsoTime } from '#domain';
import type { AlertMessage } from '#monitoring';
import type { SyncContext } from '../context.js';

/** Whoever takes alerts. `send` throws when one was not taken. */
export interface AlertReceiver {
  send(message: AlertMessage): Promise<void>;
}

const DUE_AT_ONCE = 100;
const PURGE_ROWS = 2_000;

/** Tells what stands in the database as alert; at least once each, and by one process at a time. */
export class AlertDelivery {
  constructor(
    private readonly context: SyncContext,
    /** Undefined when nobody wants to be told: alerts are kept a while all the same. */
    private readonly receiver: AlertReceiver | undefined,
  ) {}

  /**
   * One round: tells what is due, gives up what nobody took for a day, forgets what is old. While the receiver fails, each
   * alert waits longer before its next attempt, and a round ends with the first failure.
   */
  async run(): Promise<void> {
    const { clock, logger, stores } = this.context;
    const nowMs = clock.nowMs();
    const givenUp = await stores.alerts.giveUp(nowMs - ALERT_DELIVERY_LIMIT_MS);
    if (givenUp > 0 && this.receiver) logger.error('alerts were given up: ALERT_WEBHOOK_URL did not take them for a day', { givenUp });
    await stores.alerts.purge(nowMs - ALERT_KEPT_MS, PURGE_ROWS);
    if (this.receiver) await this.pushIfDue(this.receiver);
  }

  private async pushIfDue(receiver: AlertReceiver): Promise<void> {
    const { alerts } = this.context.stores;
    for (const alert of await alerts.listDue(DUE_AT_ONCE)) {
      const retryAt = this.context.clock.nowMs() + alertRetryDelayMs(alert.attempts + 1);
      if ((await alerts.claim(alert, retryAt)) && !(await this.deliver(receiver, alert))) return;
    }
  }

  private async deliver(receiver: AlertReceiver, alert: DueAlert): Promise<boolean> {
    const { logger, stores } = this.context;
    try {
      await receiver.send(toMessage(alert));
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      logger.warn('an alert was not taken; it is told again later', { alert: alert.key, attempts: alert.attempts + 1, error });
      return false;
    }
    await stores.alerts.markDelivered(alert.key);
    return true;
  }
}

const toMessage = (alert: DueAlert): AlertMessage => ({
  id: alert.key,
  source: 'kommo-unisender-sync',
  kind: alert.kind,
  text: toAlertText(alert),
  account_id: alert.accountId,
  details: alert.details,
  occurrences: alert.occurrences,
  raised_at: toIsoTime(alert.raisedAt),
});
