import { lookup } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import { HttpService } from '@nestjs/axios';
import type { OnApplicationShutdown } from '@nestjs/common';
import axios, { AxiosError, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { withDeadline } from '#clock';
import {
  type Clock,
  type ErrorCode,
  errorCodeOf,
  type Logger,
  toBareError,
  TransientError,
  type VendorCall,
  type WorkMeter,
} from '#domain';
import { connectingTransport } from './connecting-transport.js';

/** The server that a client calls, and the limits of its calls. */
export interface HttpPeer {
  /** Name of the server in log lines and errors. */
  readonly name: string;
  /** Code of the TransientError for a call without a response, e.g. `kommo_unavailable`. */
  readonly unavailableCode: ErrorCode<'transient'>;
  /** Default: 5 s. */
  readonly connectTimeoutMs?: number | undefined;
  /** Only the origin of this URL may have an address that is not public. */
  readonly trustedUrl?: string | undefined;
}

/** What a client without Nest needs. */
export interface HttpPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Resolves host names. Default: the resolver of the system. */
  readonly resolve?: LookupFunction;
}

/** Counts the calls to a vendor. */
interface CallMeter {
  readonly vendor: VendorCall['vendor'];
  readonly meter: WorkMeter;
  readonly clock: Clock;
}

/** Makes a call and counts it, with its duration and its code: that of the result, or that of the error. */
export async function countCall<Result>(
  { vendor, meter, clock }: CallMeter,
  method: string,
  call: () => Promise<Result>,
  codeOf: (result: Result) => string,
): Promise<Result> {
  const startedAtMs = clock.nowMs();
  const count = (code: string) => meter.countCall({ vendor, method, code, durationMs: clock.nowMs() - startedAtMs });
  try {
    const result = await call();
    count(codeOf(result));
    return result;
  } catch (error) {
    count(errorCodeOf(error));
    throw error;
  }
}

/** The request of one call. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  /** Name of the call in log lines and errors, without any secret and without the query. */
  readonly label: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The encoded body. Set its type in `headers`. */
  readonly body?: string | undefined;
  /** Time limit of the whole call. For a download: until the response head arrives. */
  readonly totalTimeoutMs: number;
  /** The most bytes of the decompressed body that {@link HttpClient.send} reads. */
  readonly maxResponseBytes: number;
  /** Use a new connection: the server may be closing a kept one. For a request that must not be repeated. */
  readonly isOnce?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A response of any status with its body as text. */
export interface HttpResponse {
  readonly status: number;
  readonly text: string;
  /** The header as received: seconds, a date, or anything else. */
  readonly retryAfterHeader: string | undefined;
  /** Where a redirect leads, as received. It is not followed. */
  readonly location: string | undefined;
  /** The server's time of the response, epoch milliseconds of a whole second; undefined when it names none. */
  readonly serverTimeMs: number | undefined;
}

/** The head of a response, with an unread body of any size. The caller limits the time of reading. */
export interface HttpDownload {
  readonly status: number;
  readonly location: string | undefined;
  /** The encoding of the body as the server names it, `identity` when it names none. The body is not decoded. */
  readonly encoding: string;
  /** Whether the server announced where the body ends. Without that, a broken connection looks like the end. */
  readonly hasKnownEnd: boolean;
  readonly body: Readable;
}

/** A response is longer than its call allows. A call for less data may succeed. */
export class ResponseTooLargeError extends TransientError {
  constructor(call: string, limit: string, code: ErrorCode<'transient'>) {
    super(`The response to ${call} has more than ${limit}`, { code });
  }
}

const USER_AGENT = 'kommo-unisender-sync/1.0';
const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;
const KEPT_CONNECTIONS = 16;

type SentRequest = Omit<HttpRequest, 'maxResponseBytes'> & Partial<Pick<HttpRequest, 'maxResponseBytes'>>;

const createAgents = (options: http.AgentOptions) => ({ http: new http.Agent(options), https: new https.Agent(options) });

const toText = (header: unknown): string | undefined => (typeof header === 'string' ? header : undefined);

const toTimeMs = (header: unknown): number | undefined => {
  const timeMs = Date.parse(toText(header) ?? '');
  return Number.isNaN(timeMs) ? undefined : timeMs;
};

/** axios has no code of its own for a body beyond `maxContentLength`. */
const isTooLarge = (error: unknown): boolean =>
  axios.isAxiosError(error) && error.code === AxiosError.ERR_BAD_RESPONSE && error.message.includes('maxContentLength');

const toDownload = ({ status, data, headers }: AxiosResponse<Readable>): HttpDownload => ({
  status,
  location: toText(headers['location']),
  encoding: toText(headers['content-encoding']) ?? 'identity',
  hasKnownEnd: toText(headers['content-length']) !== undefined || toText(headers['transfer-encoding']) !== undefined,
  body: data,
});

/**
 * The axios options that {@link HttpClient} needs of its HttpService: public addresses only, no redirects, no proxy, no conversion,
 * every status accepted. `resolve` resolves host names.
 */
export const toAxiosOptions = (peer: HttpPeer, clock: Clock, resolve: LookupFunction = lookup): AxiosRequestConfig => ({
  headers: { 'User-Agent': USER_AGENT },
  maxRedirects: 0,
  proxy: false,
  transformRequest: [(body: unknown) => body],
  transformResponse: [(text: unknown) => text],
  validateStatus: () => true,
  transport: connectingTransport({
    clock,
    connectTimeoutMs: peer.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    trustedUrl: peer.trustedUrl,
    resolve,
  }),
});

/**
 * Calls one server, each call once: within its time limit, at a public address, without redirects and without a proxy. A response of any status is a result. Without a response it throws TransientError with `unavailableCode`;
 * the cause names the failure and shows nothing of the request. An aborted call rejects with the reason of its signal.
 */
export class HttpClient implements OnApplicationShutdown {
  private readonly kept = createAgents({ keepAlive: true, maxFreeSockets: KEPT_CONNECTIONS });
  private readonly once = createAgents({ keepAlive: false });
  private isClosed = false;

  /** `http` must be made with {@link toAxiosOptions}. */
  constructor(
    private readonly http: HttpService,
    private readonly peer: HttpPeer,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Creates a client without Nest. */
  static create(peer: HttpPeer, { clock, logger, resolve }: HttpPorts): HttpClient {
    return new HttpClient(new HttpService(axios.create(toAxiosOptions(peer, clock, resolve))), peer, clock, logger);
  }

  /** Sends a request and reads the whole body of the response. Throws ResponseTooLargeError beyond `maxResponseBytes`. */
  async send(request: HttpRequest): Promise<HttpResponse> {
    const options = { responseType: 'text', maxContentLength: request.maxResponseBytes } as const;
    return this.run(request, async (config) => {
      const { status, data, headers } = await this.http.axiosRef.request<string>({ ...config, ...options });
      return {
        status,
        text: data ?? '',
        retryAfterHeader: toText(headers['retry-after']),
        location: toText(headers['location']),
        serverTimeMs: toTimeMs(headers['date']),
      };
    });
  }

  /**
   * Sends a request and reads the head of the response. The caller must read or destroy the body. Asks for an uncompressed body, as
   * a part of a compressed one can look complete.
   */
  async open(request: Omit<HttpRequest, 'maxResponseBytes'>): Promise<HttpDownload> {
    const headers = { ...request.headers, 'Accept-Encoding': 'identity' };
    return this.run({ ...request, headers }, async (config) => {
      const response = await this.http.axiosRef.request<Readable>({ ...config, responseType: 'stream', decompress: false });
      return toDownload(response);
    });
  }

  /** Ends running calls as if the server had disconnected. Later calls fail at once in the same way. */
  close(): void {
    this.isClosed = true;
    for (const agent of [this.kept.http, this.kept.https, this.once.http, this.once.https]) agent.destroy();
  }

  /** Closes the client when Nest shuts down. */
  onApplicationShutdown(): void {
    this.close();
  }

  private async run<T extends { status: number }>(request: SentRequest, call: (config: AxiosRequestConfig) => Promise<T>): Promise<T> {
    const startedAtMs = this.clock.nowMs();
    const logOutcome = (outcome: string) =>
      this.logger.debug(`${this.peer.name} call`, { call: request.label, outcome, duration_ms: this.clock.nowMs() - startedAtMs });
    try {
      const exchange = (signal: AbortSignal) => call(this.toConfig(request, signal));
      const response = await withDeadline(this.clock, request.totalTimeoutMs, exchange, request.signal);
      logOutcome(String(response.status));
      return response;
    } catch (error) {
      if (request.signal?.aborted) throw error;
      const cause = toBareError(error);
      logOutcome(cause.message);
      if (isTooLarge(error)) {
        throw new ResponseTooLargeError(request.label, `${request.maxResponseBytes} bytes`, this.peer.unavailableCode);
      }
      throw new TransientError(`${this.peer.name} did not respond to ${request.label}`, { code: this.peer.unavailableCode, cause });
    }
  }

  private toConfig({ method, url, headers, body, isOnce }: SentRequest, signal: AbortSignal): AxiosRequestConfig {
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
