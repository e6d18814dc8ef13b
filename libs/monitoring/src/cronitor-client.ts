import type { Clock, Logger, Secret } from '#domain';
import { HttpClient } from '#http';

/** What Cronitor can be told of a job: it began, it ended well, it ended badly. */
export type HeartbeatState = 'run' | 'complete' | 'fail';

/** One word about one round of a job. */
export interface Heartbeat {
  /** The monitor's key at Cronitor. */
  readonly monitor: string;
  readonly state: HeartbeatState;
  /** The same for everything said about one round, so that rounds of several processes are told apart. */
  readonly series: string;
  /** Never with anything secret in it. */
  readonly message?: string;
}

/** Where Cronitor is, and who tells it. */
export interface CronitorOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** https://cronitor.link unless another server takes its place. */
  readonly baseUrl: string;
  readonly apiKey: Secret;
  /** The name under which this machine is shown. */
  readonly host: string;
}

const TIMEOUT_MS = 5_000;
const LAST_WORDS_MS = 1_000;
const MAX_ANSWER_BYTES = 64 * 1024;
/** Words of one monitor that wait for their turn; later ones are dropped while Cronitor does not answer. */
const MAX_WAITING = 4;
const MAX_MESSAGE_LENGTH = 500;

/**
 * Tells Cronitor's telemetry endpoint what jobs do (https://cronitor.io/docs/telemetry-api):
 * `GET /p/<api-key>/<monitor>?state=…&series=…&message=…&host=…`. A monitor that does not answer is a log line, never a failure
 * or a delay of the work that it watches. The key stands in no log line and no error.
 */
export class CronitorClient {
  private readonly http: HttpClient;
  /** Per monitor, in order: `complete` never arrives before its `run`. */
  private readonly lines = new Map<string, { waiting: number; last: Promise<void> }>();

  constructor(private readonly options: CronitorOptions) {
    this.http = new HttpClient({
      logger: options.logger,
      clock: options.clock,
      peer: 'Cronitor',
      unavailableCode: 'cronitor_unavailable',
      connectTimeoutMs: TIMEOUT_MS,
      maxResponseBytes: MAX_ANSWER_BYTES,
    });
  }

  /** Sends as soon as the monitor's earlier words are out; returns at once and never throws. */
  report(heartbeat: Heartbeat): void {
    const line = this.lines.get(heartbeat.monitor) ?? { waiting: 0, last: Promise.resolve() };
    this.lines.set(heartbeat.monitor, line);
    if (line.waiting >= MAX_WAITING) return this.warn(heartbeat, { problem: 'too many wait' });
    line.waiting += 1;
    line.last = line.last.then(() => this.send(heartbeat)).finally(() => (line.waiting -= 1));
  }

  /** Lets what waits go out, for a second at most; what is told afterwards goes nowhere. Never throws. */
  async close(): Promise<void> {
    const sent = new AbortController();
    const patience = this.options.clock.sleep(LAST_WORDS_MS, sent.signal).catch(() => {});
    await Promise.race([Promise.all([...this.lines.values()].map(({ last }) => last)), patience]);
    sent.abort();
    this.http.close();
  }

  private async send(heartbeat: Heartbeat): Promise<void> {
    try {
      const { status } = await this.http.send({
        method: 'GET',
        url: this.urlOf(heartbeat),
        label: `${heartbeat.monitor} ${heartbeat.state}`,
        totalTimeoutMs: TIMEOUT_MS,
      });
      if (status >= 300) this.warn(heartbeat, { status });
    } catch (error) {
      this.warn(heartbeat, { error });
    }
  }

  private urlOf({ monitor, state, series, message }: Heartbeat): string {
    const { baseUrl, apiKey, host } = this.options;
    const query = new URLSearchParams({ state, series, host });
    if (message !== undefined) query.set('message', message.slice(0, MAX_MESSAGE_LENGTH));
    return `${baseUrl}/p/${encodeURIComponent(apiKey.reveal())}/${encodeURIComponent(monitor)}?${query.toString()}`;
  }

  private warn({ monitor, state }: Heartbeat, fields: object): void {
    this.options.logger.warn('Cronitor was not told of a schedule', { monitor, state, ...fields });
  }
}
