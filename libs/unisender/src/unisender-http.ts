import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import axios, { type AxiosInstance } from 'axios';
import { withDeadline } from '#clock';
import { type Clock, type Logger, toBareError } from '#domain';
import { unavailable } from './unisender-failure.js';

/** What every call has in common. */
export interface UnisenderHttpOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** The head of an answer, its body still to be read. */
export interface DownloadAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: Readable;
}

const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
const KEPT_CONNECTIONS = 16;

/** Requests over HTTP within the time limit. Follows no redirect, retries nothing. */
export class UnisenderHttp {
  private readonly agents = {
    http: new http.Agent({ keepAlive: true, maxFreeSockets: KEPT_CONNECTIONS }),
    https: new https.Agent({ keepAlive: true, maxFreeSockets: KEPT_CONNECTIONS }),
  };
  private readonly axios: AxiosInstance;

  constructor(private readonly options: UnisenderHttpOptions) {
    this.axios = axios.create({
      headers: { 'User-Agent': 'kommo-unisender-sync/1.0' },
      httpAgent: this.agents.http,
      httpsAgent: this.agents.https,
      maxRedirects: 0,
      proxy: false,
      validateStatus: () => true,
    });
  }

  /** Any HTTP answer to a form post; TransientError `unisender_unavailable` when there is none. `method` is for the log. */
  async post(url: string, form: string, method: string): Promise<{ status: number; text: string }> {
    return this.run(method, async (signal) => {
      const { status, data } = await this.axios.post<string>(url, form, {
        headers: { Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded' },
        maxContentLength: MAX_ANSWER_BYTES,
        responseType: 'text',
        transformResponse: [(text: unknown) => text],
        signal,
      });
      return { status, text: data ?? '' };
    });
  }

  /** Opens a download; the caller reads or destroys its body. */
  async open(url: string): Promise<DownloadAnswer> {
    return this.run('download', async (signal) => {
      const { status, headers, data } = await this.axios.get<Readable>(url, { responseType: 'stream', signal });
      const location: unknown = headers['location'];
      return { status, location: typeof location === 'string' ? location : undefined, body: data };
    });
  }

  private async run<T extends { status: number }>(what: string, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, logger, timeoutMs } = this.options;
    const startedAtMs = clock.nowMs();
    const log = (outcome: string) => logger.debug('Unisender call', { method: what, outcome, durationMs: clock.nowMs() - startedAtMs });
    try {
      const answer = await withDeadline(clock, timeoutMs, call);
      log(String(answer.status));
      return answer;
    } catch (error) {
      const cause = toBareError(error);
      log(cause.message);
      throw unavailable(`did not answer ${what}`, cause);
    }
  }

  /** Closes idle connections; to be called once, when nothing runs any more. */
  close(): void {
    this.agents.http.destroy();
    this.agents.https.destroy();
  }
}
