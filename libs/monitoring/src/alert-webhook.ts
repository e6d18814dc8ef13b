import { type Clock, type Logger, type Secret, TransientError } from '#domain';
import { HttpClient } from '#http';

/** What the receiver of alerts gets as JSON; documented in docs/MONITORING.md. Nothing secret is in it. */
export interface AlertMessage {
  /** The same every time this alert is sent: the receiver may drop repetitions by it. */
  readonly id: string;
  readonly source: 'kommo-unisender-sync';
  readonly kind: string;
  /** One sentence; chat programs' incoming webhooks show this field. */
  readonly text: string;
  readonly account_id: number | null;
  readonly details: Readonly<Record<string, string | number>>;
  /** How often it happened until this was sent. */
  readonly occurrences: number;
  /** ISO 8601, UTC. */
  readonly raised_at: string;
}

/** Where alerts go. */
export interface AlertWebhookOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Often carries its secret in the path or the query. */
  readonly url: Secret;
}

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/** The operator's own receiver of alerts. The URL stands in no log line and no error. */
export class AlertWebhook {
  private readonly http: HttpClient;

  constructor(private readonly options: AlertWebhookOptions) {
    this.http = new HttpClient({
      logger: options.logger,
      clock: options.clock,
      peer: 'the alert webhook',
      unavailableCode: 'alert_webhook_unavailable',
      maxResponseBytes: MAX_ANSWER_BYTES,
    });
  }

  /** Resolves once the receiver answered with 2xx within ten seconds. Throws TransientError `alert_webhook_unavailable`, `alert_webhook_refused`. */
  async send(message: AlertMessage): Promise<void> {
    const { status } = await this.http.send({
      method: 'POST',
      url: this.options.url.reveal(),
      label: `${message.kind} ${message.id}`,
      headers: { 'Content-Type': 'application/json; charset=utf-8' },
      body: JSON.stringify(message),
      totalTimeoutMs: TIMEOUT_MS,
    });
    if (status < 200 || status > 299) {
      throw new TransientError(`the alert webhook answered ${status}`, { code: 'alert_webhook_refused' });
    }
  }

  /** Ends what is under way; later calls fail at once. */
  close(): void {
    this.http.close();
  }
}
