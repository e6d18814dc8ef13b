import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { withDeadline } from '#clock';
import { type Clock, type ErrorCode, type Logger, toBareError, TransientError } from '#domain';
import { connectingTransport } from './connecting-transport.js';

/** What every call of a client has in common. */
export interface HttpClientOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  /** The other side's name, for log lines and errors. */
  readonly peer: string;
  /** Code of the TransientError when there is no answer, e.g. `kommo_unavailable`. */
  readonly unavailableCode: ErrorCode<'transient'>;
  readonly connectTimeoutMs?: number | undefined;
  /** Of a text, unpacked. More than that is no answer. */
  readonly maxResponseBytes?: number;
}

/** What one call sends. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  /** What the log and errors call it: never with a secret or a query. */
  readonly label: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ready for the wire; its type is a header. */
  readonly body?: string | undefined;
  /** For the whole call; of a download, until its head is there. */
  readonly totalTimeoutMs: number;
  /** A connection of its own: a request that must not be repeated never meets a kept one that the other side is just closing. */
  readonly isOnce?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Any HTTP answer, its body not interpreted. */
export interface HttpResponse {
  readonly status: number;
  readonly text: string;
  /** As it was sent: seconds, a date, or anything else. */
  readonly retryAfterHeader: string | undefined;
}

/** The head of an answer, its body still to be read: of any size, and as slow as whoever reads it allows. */
export interface HttpDownload {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: Readable;
}

const USER_AGENT = 'kommo-unisender-sync/1.0';
const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;
const DEFAULT_MAX_RESPONSE_BYTES = 32 * 1024 * 1024;
const KEPT_CONNECTIONS = 16;

const agentsOf = (options: http.AgentOptions) => ({ http: new http.Agent(options), https: new https.Agent(options) });

const textOf = (header: unknown): string | undefined => (typeof header === 'string' ? header : undefined);

/**
 * Calls another server, each call once: within its time, without following redirects, without a proxy, never reading more
 * than `maxResponseBytes`. Every status is an answer. When there is none, throws TransientError with `unavailableCode`, whose
 * cause names the failure and nothing of the request; an aborted call rejects with its signal's reason.
 */
export class HttpClient {
  private readonly kept = agentsOf({ keepAlive: true, maxFreeSockets: KEPT_CONNECTIONS });
  private readonly once = agentsOf({ keepAlive: false });
  private readonly axios: AxiosInstance;
  private isClosed = false;

  constructor(private readonly options: HttpClientOptions) {
    this.axios = axios.create({
      headers: { 'User-Agent': USER_AGENT },
      maxRedirects: 0,
      proxy: false,
      transformRequest: [(body: unknown) => body],
      transformResponse: [(text: unknown) => text],
      validateStatus: () => true,
      transport: connectingTransport(options.clock, options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS),
    });
  }

  /** The answer with its whole body as text. */
  async send(request: HttpRequest): Promise<HttpResponse> {
    const maxContentLength = this.options.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES;
    return this.run(request, async (call) => {
      const { status, data, headers } = await this.axios.request<string>({ ...call, responseType: 'text', maxContentLength });
      return { status, text: data ?? '', retryAfterHeader: textOf(headers['retry-after']) };
    });
  }

  /** The answer's head; the caller reads or destroys the body. */
  async open(request: HttpRequest): Promise<HttpDownload> {
    return this.run(request, async (call) => {
      const { status, data, headers } = await this.axios.request<Readable>({ ...call, responseType: 'stream' });
      return { status, location: textOf(headers['location']), body: data };
    });
  }

  /** Ends what is under way, as if the other side had gone; later calls fail likewise. */
  close(): void {
    this.isClosed = true;
    for (const agent of [this.kept.http, this.kept.https, this.once.http, this.once.https]) agent.destroy();
  }

  private async run<T extends { status: number }>(request: HttpRequest, call: (config: AxiosRequestConfig) => Promise<T>): Promise<T> {
    const { clock, logger, peer, unavailableCode: code } = this.options;
    const startedAtMs = clock.nowMs();
    const log = (outcome: string) =>
      logger.debug(`${peer} call`, { call: request.label, outcome, durationMs: clock.nowMs() - startedAtMs });
    try {
      const exchange = (signal: AbortSignal) => call(this.toConfig(request, signal));
      const answer = await withDeadline(clock, request.totalTimeoutMs, exchange, request.signal);
      log(String(answer.status));
      return answer;
    } catch (error) {
      if (request.signal?.aborted) throw error;
      const cause = toBareError(error);
      log(cause.message);
      throw new TransientError(`${peer} did not answer ${request.label}`, { code, cause });
    }
  }

  private toConfig({ method, url, headers, body, isOnce }: HttpRequest, signal: AbortSignal): AxiosRequestConfig {
    if (this.isClosed) throw Object.assign(new Error('the client is closed'), { code: 'CLOSED' });
    const agents = isOnce ? this.once : this.kept;
    return {
      method,
      url,
      headers: { ...headers },
      ...(body === undefined ? {} : { data: body }),
      httpAgent: agents.http,
      httpsAgent: agents.https,
      signal,
    };
  }
}
