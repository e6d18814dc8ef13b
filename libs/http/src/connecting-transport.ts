import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import type { Clock } from '#domain';
import { addressNotPublic, isPublicAddress, publicLookup } from './public-address.js';

/** A transport for axios. */
export interface Transport {
  /** Starts a request, as `request` of node's `http` module does. */
  request(target: RequestOptions, onResponse: (response: IncomingMessage) => void): ClientRequest;
}

/** How a transport connects. */
export interface Connecting {
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  /** The origin of this URL may have any address. */
  readonly trustedUrl: string | undefined;
  readonly resolve: LookupFunction;
}

function limitConnecting(request: ClientRequest, socket: Socket, connected: string, { clock, connectTimeoutMs }: Connecting): void {
  if (!socket.connecting) return;
  const settled = new AbortController();
  socket.once(connected, () => settled.abort());
  request.once('close', () => settled.abort());
  clock.sleep(connectTimeoutMs, settled.signal).then(
    () => request.destroy(Object.assign(new Error('no connection'), { code: 'CONNECT_TIMEOUT' })),
    () => {},
  );
}

function originOf({ protocol, hostname, port }: RequestOptions): string {
  const host = hostname ?? '';
  return new URL(`${protocol}//${isIP(host) === 6 ? `[${host}]` : host}${port ? `:${port}` : ''}`).origin;
}

/**
 * Creates a transport for axios: node's HTTP and HTTPS with a time limit for connecting, TLS included, and with connections to
 * public addresses only. A request fails with `CONNECT_TIMEOUT` or `ADDRESS_NOT_PUBLIC`; for an IP `request` throws the latter.
 */
export function connectingTransport(connecting: Connecting): Transport {
  const trustedOrigin = connecting.trustedUrl === undefined ? undefined : new URL(connecting.trustedUrl).origin;
  const lookup = publicLookup(connecting.resolve);
  return {
    request(target, onResponse) {
      const isTls = target.protocol === 'https:';
      const isTrusted = originOf(target) === trustedOrigin;
      const host = target.hostname ?? '';
      // Node connects to an IP without a lookup.
      if (!isTrusted && isIP(host) !== 0 && !isPublicAddress(host)) throw addressNotPublic();
      const request = (isTls ? https : http).request({ ...target, lookup: isTrusted ? connecting.resolve : lookup }, onResponse);
      request.once('socket', (socket) => limitConnecting(request, socket, isTls ? 'secureConnect' : 'connect', connecting));
      return request;
    },
  };
}
