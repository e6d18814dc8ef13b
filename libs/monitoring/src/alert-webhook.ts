import { Injectable } from '@nestjs/common';
import { BugError, type Clock, type Logger, type Secret, TransientError } from '#domain';
import { HttpClient, type HttpPeer } from '#http';

/** The JSON body of an alert (docs/MONITORING.md). It contains no secret. */
export interface AlertMessage {
  /** Equal in every repetition of this alert, so that the receiver can drop repetitions. */
  readonly id: string;
  readonly source: 'kommo-unisender-sync';
  /** Whether the cause began or has ended. */
  readonly state: 'alert' | 'recovered';
  readonly kind: string;
  /** One sentence. Incoming webhooks of chat programs show this field. */
  readonly text: string;
  /** The page of the console that shows the cause. */
  readonly link: string;
  readonly account_id: number | null;
  readonly details: Readonly<Record<string, string | number>>;
  /** The account's contacts by outcome; null for an alert that is not about an account. */
  readonly contacts: Readonly<Record<'total' | 'in_sync' | 'waiting' | 'excluded' | 'failing', number>> | null;
  /** How often it happened before this message. */
  readonly occurrences: number;
  /** ISO 8601, UTC. */
  readonly raised_at: string;
}

/** The settings of the alert webhook. A class, so that it is its own injection token; plain objects are settings too. */
export abstract class AlertWebhookSettings {
  /** The URL of the receiver; it often has a secret in it. Undefined: alerts are not sent. */
  abstract readonly url: Secret | undefined;
}

const MAX_RESPONSE_BYTES = 64 * 1024;
const TIMEOUT_MS = 10_000;

/** The alert webhook as the peer of an HttpClient. */
export const ALERT_WEBHOOK_PEER: HttpPeer = {
  name: 'alert webhook',
  unavailableCode: 'alert_webhook_unavailable',
};

/** Sends alerts to the receiver of the operator. No log line and no error contains the URL. */
@Injectable()
export class AlertWebhook {
  constructor(
    private readonly http: HttpClient,
    private readonly settings: AlertWebhookSettings,
  ) {}

  /** Creates a client without Nest. */
  static create(settings: AlertWebhookSettings, ports: { readonly clock: Clock; readonly logger: Logger }): AlertWebhook {
    return new AlertWebhook(HttpClient.create({ ...ALERT_WEBHOOK_PEER, trustedUrl: settings.url?.reveal() }, ports), settings);
  }

  /** Whether there is a receiver. */
  get isEnabled(): boolean {
    return this.settings.url !== undefined;
  }

  /**
   * Sends an alert. Resolves when the receiver responds with 2xx within ten seconds. Throws TransientError
   * `alert_webhook_unavailable` or `alert_webhook_refused`, and BugError without a receiver.
   */
  async send(message: AlertMessage): Promise<void> {
    if (!this.settings.url) throw new BugError('There is no alert webhook to send to', { code: 'alert_webhook_not_configured' });
    const { status } = await this.http.send({
      method: 'POST',
      url: this.settings.url.reveal(),
      label: `${message.kind} ${message.id}`,
      headers: { 'Content-Type': 'application/json; charset=utf-8' },
      body: JSON.stringify(message),
      totalTimeoutMs: TIMEOUT_MS,
      maxResponseBytes: MAX_RESPONSE_BYTES,
    });
    if (status < 200 || status > 299) {
      throw new TransientError(`alert webhook responded with status ${status}`, { code: 'alert_webhook_refused' });
    }
  }

  /** Ends running calls; later calls fail at once. */
  close(): void {
    this.http.close();
  }
}
