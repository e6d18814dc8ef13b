import { Injectable } from '@nestjs/common';
import { RequestLimiter } from '#domain';
import { HttpClient, type HttpPeer, type HttpRequest } from '#http';
import { findVendorPauseMs } from './kommo-failure.js';
import type { KommoHost } from './kommo-host.js';
import { type KommoResponse, parseResponse, type ResponseLimits } from './kommo-response.js';
import { KommoSettings, type KommoTimeouts } from './kommo-settings.js';

/** The request of one call to Kommo. */
export interface KommoRequest extends Pick<HttpRequest, 'method' | 'headers' | 'totalTimeoutMs' | 'isOnce' | 'signal'>, ResponseLimits {
  readonly host: KommoHost;
  readonly path: string;
  /** The encoded query, without `?`. */
  readonly query?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly limiterKeys: readonly string[];
}

/** Kommo as the peer of an HttpClient. */
export const kommoPeer = ({ connectMs }: Partial<KommoTimeouts> = {}): HttpPeer => ({
  name: 'Kommo',
  unavailableCode: 'kommo_unavailable',
  connectTimeoutMs: connectMs,
});

/** Sends one request to a Kommo host, within the request limits. It does not retry. */
@Injectable()
export class KommoHttp {
  constructor(
    private readonly http: HttpClient,
    private readonly limiter: RequestLimiter,
    private readonly settings: KommoSettings,
  ) {}

  /**
   * Waits for the limiter, sends, and returns a response of any status. When Kommo refuses all calls from here, it pauses the
   * key `kommo` in every process. Throws TransientError `kommo_unavailable` without a response, and when a response with status
   * 2xx exceeds a limit, then as ResponseTooLargeError.
   */
  async send({ host, path, query, body, limiterKeys, headers, maxResponseItems, ...request }: KommoRequest): Promise<KommoResponse> {
    await this.limiter.acquire(limiterKeys, request.signal);
    const origin = this.settings.originOverride?.origin ?? `https://${host}`;
    const type = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const label = `${request.method} ${host}${path}`;
    const received = await this.http.send({
      ...request,
      url: origin + path + (query ? `?${query}` : ''),
      label,
      headers: { Accept: 'application/json', ...headers, ...type, Host: host },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const response = parseResponse(received, label, maxResponseItems);
    const pauseMs = findVendorPauseMs(response);
    if (pauseMs !== undefined) await this.limiter.pause('kommo', pauseMs);
    return response;
  }

  /** Ends running calls; later calls fail at once. */
  close(): void {
    this.http.close();
  }
}
