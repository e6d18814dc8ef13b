import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { type AlertEntity, ContactFiguresStore } from '#database';
import { consolePageOf, toAlertText, toIsoTime, toRecoveryText } from '#domain';
import type { AlertMessage } from '#monitoring';

/** Writes the messages for alerts and recoveries. */
@Injectable()
export class AlertMessages {
  constructor(
    private readonly config: Config,
    private readonly figures: ContactFiguresStore,
  ) {}

  /** Returns the message with its link and the present figures of the account. */
  async write(alert: AlertEntity): Promise<AlertMessage> {
    return {
      id: alert.key,
      source: 'kommo-unisender-sync',
      state: alert.isRecovery ? 'recovered' : 'alert',
      kind: alert.kind,
      text: alert.isRecovery ? toRecoveryText(alert) : toAlertText(alert),
      link: `${this.config.publicUrl}${consolePageOf(alert)}`,
      account_id: alert.accountId,
      details: alert.details,
      contacts: alert.accountId === null ? null : await this.readFigures(alert.accountId),
      occurrences: alert.occurrences,
      raised_at: toIsoTime(alert.raisedAt),
    };
  }

  private async readFigures(accountId: number): Promise<AlertMessage['contacts']> {
    const { total, inSync, waiting, excluded, failing } = await this.figures.find(accountId);
    return { total, in_sync: inSync, waiting, excluded, failing };
  }
}
