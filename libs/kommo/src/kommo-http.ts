import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import axios, { type AxiosInstance } from 'axios';
import { withDeadline } from '#clock';
import { type Clock, type Logger, type RequestLimiter, TransientError, toBareError } from '#domain';
import type { KommoHost } from './kommo-host.js';

/** What one call to Kommo sends. */
export interface KommoRequest {
  readonly host: KommoHost;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** Ready for the wire, without `?`. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly limiterKeys: readonly string[];
  readonly totalTimeoutMs: number;
  /** A connection of its own: a request that must not be repeated never meets a kept one that the other side is just closing. */
  readonly isOnce?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Any HTTP answer, its body unread. */
export interface KommoAnswer {
  readonly status: number;
  readonly text: string;
  readonly retryAfterHeader: string | undefined;
}

/** What every call has in common. */
export interface KommoHttpOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly limiter: RequestLimiter;
  /** All calls go here, with the real host in the `Host` header. Sandbox and tests only. */
  readonly originOverride?: URL | undefined;
  readonly connectTimeoutMs: number;
  readonly userAgent: string;
}

const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
const KEPT_CONNECTIONS = 16;

/** One request over HTTP: asks the limiter, keeps the time limits, follows no redirect, retries nothing. */
export class KommoHttp {
  private readonly agents = {
    http: new http.Agent({ keepAlive: true, maxFreeSockets: KEPT_CONNECTIONS }),
    https: new https.Agent({ keepAlive: true, maxFreeSockets: KEPT_CONNECTIONS }),
  };
  private readonly axios: AxiosInstance;

  constructor(private readonly options: KommoHttpOptions) {
    this.axios = axios.create({
      headers: { Accept: 'application/json', 'User-Agent': options.userAgent },
      maxRedirects: 0,
      maxContentLength: MAX_ANSWER_BYTES,
      proxy: false,
      responseType: 'text',
      transformResponse: [(text: unknown) => text],
      validateStatus: () => true,
      transport: { request: (target: RequestOptions, onAnswer: (answer: IncomingMessage) => void) => this.open(target, onAnswer) },
    });
  }

  /** Resolves with any HTTP answer; throws TransientError `kommo_unavailable` when there is none, the signal's reason when aborted. */
  async send(request: KommoRequest): Promise<KommoAnswer> {
    const { clock, limiter, logger } = this.options;
    await limiter.acquire(request.limiterKeys, request.signal);
    const startedAtMs = clock.nowMs();
    const log = (outcome: string) =>
      logger.debug('Kommo call', {
        method: request.method,
        host: request.host,
        path: request.path,
        outcome,
        durationMs: clock.nowMs() - startedAtMs,
      });
    try {
      const answer = await withDeadline(clock, request.totalTimeoutMs, (signal) => this.exchange(request, signal), request.signal);
      log(String(answer.status));
      return answer;
    } catch (error) {
      if (request.signal?.aborted) throw error;
      const cause = toBareError(error);
      log(cause.message);
      throw new TransientError(`Kommo did not answer ${request.method} ${request.path}`, { code: 'kommo_unavailable', cause });
    }
  }

  private async exchange(request: KommoRequest, signal: AbortSignal): Promise<KommoAnswer> {
    const { host, method, path, query, headers, body, isOnce } = request;
    const origin = this.options.originOverride?.origin ?? `https://${host}`;
    const {
      status,
      data,
      headers: answered,
    } = await this.axios.request<string>({
      url: origin + path + (query ? `?${query}` : ''),
      method,
      headers: { ...headers, Host: host, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      ...(body === undefined ? {} : { data: JSON.stringify(body) }),
      ...(isOnce ? { httpAgent: false, httpsAgent: false } : { httpAgent: this.agents.http, httpsAgent: this.agents.https }),
      signal,
    });
    const retryAfter: unknown = answered['retry-after'];
    return { status, text: data ?? '', retryAfterHeader: typeof retryAfter === 'string' ? retryAfter : undefined };
  }

  private open(target: RequestOptions, onAnswer: (answer: IncomingMessage) => void): ClientRequest {
    const isTls = target.protocol === 'https:';
    const request = (isTls ? https : http).request(target, onAnswer);
    request.once('socket', (socket) => this.limitConnecting(request, socket, isTls ? 'secureConnect' : 'connect'));
    return request;
  }

  private limitConnecting(request: ClientRequest, socket: Socket, connected: string): void {
    if (!socket.connecting) return;
    const settled = new AbortController();
    socket.once(connected, () => settled.abort());
    request.once('close', () => settled.abort());
    this.options.clock.sleep(this.options.connectTimeoutMs, settled.signal).then(
      () => request.destroy(Object.assign(new Error('no connection'), { code: 'CONNECT_TIMEOUT' })),
      () => {},
    );
  }

  /** Closes idle connections; to be called once, when nothing runs any more. */
  close(): void {
    this.agents.http.destroy();
    this.agents.https.destroy();
  }
}
