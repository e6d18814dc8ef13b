import { Injectable } from '@nestjs/common';
import { Clock, RequestLimiter, WorkMeter } from '#domain';
import { countCall, HttpClient, type HttpPeer, type HttpRequest } from '#http';
import { KommoRedirectError } from './kommo-errors.js';
import { findRefusal } from './kommo-failure.js';
import { findRedirectHost, type KommoHost } from './kommo-host.js';
import { type KommoResponse, parseResponse, type ResponseLimits } from './kommo-response.js';
import { KommoSettings, type KommoTimeouts } from './kommo-settings.js';

/**
 * For which account a call is made. `exchange`: for none, as any client can cause an exchange of an authorization code; it waits in a line
 * of its own. `newcomer`: for the unknown account of a new token.
 */
export type KommoCaller = { readonly accountId: number } | 'exchange' | 'newcomer';

/** The request of one call to Kommo. */
export interface KommoRequest extends Pick<HttpRequest, 'method' | 'headers' | 'totalTimeoutMs' | 'isOnce' | 'signal'>, ResponseLimits {
  readonly host: KommoHost;
  readonly path: string;
  /** The encoded query, without `?`. */
  readonly query?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly caller: KommoCaller;
}

/** Kommo as the peer of an HttpClient. */
export const kommoPeer = ({ connectMs }: Partial<KommoTimeouts> = {}): HttpPeer => ({
  name: 'Kommo',
  unavailableCode: 'kommo_unavailable',
  connectTimeoutMs: connectMs,
});

/** The same request belongs to another URL. A 303 leads to another resource. */
const REDIRECTS: readonly number[] = [301, 302, 307, 308];

/** The method and the path with `:id` in place of each id: a bounded number of values. */
const toMethod = (method: string, path: string): string => `${method} ${path.replaceAll(/(?<=\/)\d+(?=\/|$)/g, ':id')}`;

interface LimiterKeys {
  /** The keys that limit a call, the widest limit first. */
  readonly limits: readonly string[];
  /** The key that is paused when Kommo refuses the call. */
  readonly pause: string;
  /** The waiting line, if it is another one than that of all calls. */
  readonly line?: string;
}

function toLimiterKeys(caller: KommoCaller, host: KommoHost): LimiterKeys {
  if (caller === 'exchange') return { limits: ['kommo', 'kommo-exchange'], pause: `kommo-host:${host}`, line: 'kommo-exchange' };
  if (caller === 'newcomer') return { limits: ['kommo'], pause: `kommo-host:${host}` };
  return { limits: ['kommo'], pause: `kommo:${caller.accountId}` };
}

/** Sends one request to a Kommo host, within the request limits. It does not retry. */
@Injectable()
export class KommoHttp {
  constructor(
    private readonly http: HttpClient,
    private readonly limiter: RequestLimiter,
    private readonly settings: KommoSettings,
    private readonly meter: WorkMeter,
    private readonly clock: Clock,
  ) {}

  /**
   * Waits for the limiter, sends, and returns a response of any status. After a used-up rate limit or a blocked IP it pauses the
   * account, or the host of an exchange, in every process. Throws TransientError `kommo_unavailable` without a response, and when a response with status
   * 2xx exceeds a limit, then as ResponseTooLargeError. Throws KommoRedirectError when the call of an account is redirected to the host
   * of an account; it follows no redirect.
   */
  async send({ host, path, query, body, caller, headers, maxResponseItems, ...request }: KommoRequest): Promise<KommoResponse> {
    const { limits, pause, line } = toLimiterKeys(caller, host);
    await this.limiter.acquire([...limits, pause], request.signal, line);
    const origin = this.settings.originOverride?.origin ?? `https://${host}`;
    const type = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const label = `${request.method} ${host}${path}`;
    const call = () =>
      this.http.send({
        ...request,
        url: origin + path + (query ? `?${query}` : ''),
        label,
        headers: { Accept: 'application/json', ...headers, ...type, Host: host },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    const counted = { vendor: 'kommo', meter: this.meter, clock: this.clock } as const;
    const received = await countCall(counted, toMethod(request.method, path), call, ({ status }) => String(status));
    const response = parseResponse(received, label, maxResponseItems);
    const refusal = findRefusal(response);
    if (refusal) await this.limiter.pause(pause, refusal);
    this.assertNotMoved(response, host, caller);
    return response;
  }

  /** A host that anyone may name, as in an exchange, has no account that could have been renamed. */
  private assertNotMoved({ status, location }: KommoResponse, from: KommoHost, caller: KommoCaller): void {
    if (typeof caller === 'string' || location === undefined || !REDIRECTS.includes(status)) return;
    const host = findRedirectHost(location, from, this.settings);
    if (host !== undefined) throw new KommoRedirectError(host);
  }

  /** Ends running calls; later calls fail at once. */
  close(): void {
    this.http.close();
  }
}
