import type { RequestLimiter } from '#domain';
import { type HttpResponse, HttpClient, type HttpClientOptions, type HttpRequest } from '#http';
import type { KommoHost } from './kommo-host.js';

/** What one call to Kommo sends. */
export interface KommoRequest extends Pick<HttpRequest, 'method' | 'headers' | 'totalTimeoutMs' | 'isOnce' | 'signal'> {
  readonly host: KommoHost;
  readonly path: string;
  /** Ready for the wire, without `?`. */
  readonly query?: string;
  /** Goes as JSON. */
  readonly body?: unknown;
  readonly limiterKeys: readonly string[];
}

/** What every call has in common. */
export interface KommoHttpOptions extends Pick<HttpClientOptions, 'logger' | 'clock' | 'connectTimeoutMs'> {
  readonly limiter: RequestLimiter;
  /** All calls go here, with the real host in the `Host` header. Sandbox and tests only. */
  readonly originOverride?: URL | undefined;
}

/** One request to a host of Kommo's: asks the limiter first, retries nothing. */
export class KommoHttp {
  private readonly http: HttpClient;

  constructor(private readonly options: KommoHttpOptions) {
    const { logger, clock, connectTimeoutMs } = options;
    this.http = new HttpClient({ logger, clock, connectTimeoutMs, peer: 'Kommo', unavailableCode: 'kommo_unavailable' });
  }

  /** Resolves with any HTTP answer; throws TransientError `kommo_unavailable` when there is none, the signal's reason when aborted. */
  async send({ host, path, query, body, limiterKeys, headers, ...request }: KommoRequest): Promise<HttpResponse> {
    await this.options.limiter.acquire(limiterKeys, request.signal);
    const origin = this.options.originOverride?.origin ?? `https://${host}`;
    const type = body === undefined ? {} : { 'Content-Type': 'application/json' };
    return this.http.send({
      ...request,
      url: origin + path + (query ? `?${query}` : ''),
      label: `${request.method} ${host}${path}`,
      headers: { Accept: 'application/json', ...headers, ...type, Host: host },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }

  /** Ends what is under way, and later calls at once. */
  close(): void {
    this.http.close();
  }
}
