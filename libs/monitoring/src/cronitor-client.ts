import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Clock, Logger, type Secret } from '#domain';
import { HttpClient, type HttpPeer } from '#http';

/** The states of a round of a job at Cronitor: started, succeeded, failed. */
export type HeartbeatState = 'run' | 'complete' | 'fail';

/** A report about one round of a job. */
export interface Heartbeat {
  /** Key of the monitor at Cronitor. */
  readonly monitor: string;
  readonly state: HeartbeatState;
  /** Equal in all reports about one round, so that Cronitor distinguishes the rounds of several processes. */
  readonly series: string;
  /** Must not contain a secret. */
  readonly message?: string;
}

/** The settings of the Cronitor client. A class, so that it is its own injection token; plain objects are settings too. */
export abstract class CronitorSettings {
  /** URL of the telemetry API, `https://cronitor.link` in production. */
  abstract readonly baseUrl: string;
  /** Undefined: nothing is reported. */
  abstract readonly apiKey: Secret | undefined;
  /** Only the origin of this URL may have an address that is not public. For {@link CronitorClient.create}. */
  abstract readonly trustedUrl?: string | undefined;
  /** Name of this machine in Cronitor. */
  abstract readonly host: string;
}

const MAX_RESPONSE_BYTES = 64 * 1024;
const TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 1_000;
/** Reports of one monitor that wait to be sent. While Cronitor does not respond, further ones are dropped. */
const MAX_WAITING = 4;
const MAX_MESSAGE_LENGTH = 500;

/** Cronitor as the peer of an HttpClient. */
export const CRONITOR_PEER: HttpPeer = {
  name: 'Cronitor',
  unavailableCode: 'cronitor_unavailable',
  connectTimeoutMs: TIMEOUT_MS,
};

/**
 * Reports the rounds of jobs to Cronitor's telemetry API (https://cronitor.io/docs/telemetry-api):
 * `GET /p/<api-key>/<monitor>?state=…&series=…&message=…&host=…`. A failed report is a log line; it never stops or delays the
 * job. No log line and no error contains the API key.
 */
@Injectable()
export class CronitorClient implements OnApplicationShutdown {
  /** One queue per monitor, so that `complete` never arrives before its `run`. */
  private readonly queues = new Map<string, { waiting: number; last: Promise<void> }>();

  constructor(
    private readonly http: HttpClient,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly settings: CronitorSettings,
  ) {}

  /** Creates a client without Nest. */
  static create(settings: CronitorSettings, ports: { readonly clock: Clock; readonly logger: Logger }): CronitorClient {
    return new CronitorClient(
      HttpClient.create({ ...CRONITOR_PEER, trustedUrl: settings.trustedUrl }, ports),
      ports.clock,
      ports.logger,
      settings,
    );
  }

  /** Sends a report after the earlier reports of its monitor. Returns at once and never throws. */
  report(heartbeat: Heartbeat): void {
    const { apiKey } = this.settings;
    if (!apiKey) return;
    const queue = this.queues.get(heartbeat.monitor) ?? { waiting: 0, last: Promise.resolve() };
    this.queues.set(heartbeat.monitor, queue);
    if (queue.waiting >= MAX_WAITING) return this.warn(heartbeat, { problem: 'too many reports wait' });
    queue.waiting += 1;
    queue.last = queue.last.then(() => this.send(heartbeat, apiKey)).finally(() => (queue.waiting -= 1));
  }

  /** Sends waiting reports for at most a second, then closes. Later reports are lost. Never throws. */
  async close(): Promise<void> {
    const sent = new AbortController();
    const timeout = this.clock.sleep(CLOSE_TIMEOUT_MS, sent.signal).catch(() => {});
    await Promise.race([Promise.all([...this.queues.values()].map(({ last }) => last)), timeout]);
    sent.abort();
    this.http.close();
  }

  /** Sends the last reports and closes the client when Nest shuts down. */
  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  private async send(heartbeat: Heartbeat, apiKey: Secret): Promise<void> {
    try {
      const { status } = await this.http.send({
        method: 'GET',
        url: this.urlOf(heartbeat, apiKey),
        label: `${heartbeat.monitor} ${heartbeat.state}`,
        totalTimeoutMs: TIMEOUT_MS,
        maxResponseBytes: MAX_RESPONSE_BYTES,
      });
      if (status >= 300) this.warn(heartbeat, { status });
    } catch (error) {
      this.warn(heartbeat, { error });
    }
  }

  private urlOf({ monitor, state, series, message }: Heartbeat, apiKey: Secret): string {
    const { baseUrl, host } = this.settings;
    const query = new URLSearchParams({ state, series, host });
    if (message !== undefined) query.set('message', message.slice(0, MAX_MESSAGE_LENGTH));
    return `${baseUrl}/p/${encodeURIComponent(apiKey.reveal())}/${encodeURIComponent(monitor)}?${query.toString()}`;
  }

  private warn({ monitor, state }: Heartbeat, fields: object): void {
    this.logger.warn('Cronitor report failed', { monitor, state, ...fields });
  }
}
