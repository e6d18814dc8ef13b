import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '#domain';

/** A transport for axios. */
export interface Transport {
  /** Starts a request, as `request` of node's `http` module does. */
  request(target: RequestOptions, onResponse: (response: IncomingMessage) => void): ClientRequest;
}

function limitConnecting(request: ClientRequest, socket: Socket, connected: string, limit: { clock: Clock; limitMs: number }): void {
  if (!socket.connecting) return;
  const settled = new AbortController();
  socket.once(connected, () => settled.abort());
  request.once('close', () => settled.abort());
  limit.clock.sleep(limit.limitMs, settled.signal).then(
    () => request.destroy(Object.assign(new Error('no connection'), { code: 'CONNECT_TIMEOUT' })),
    () => {},
  );
}

/**
 * Creates a transport for axios: node's HTTP and HTTPS with a time limit for connecting, TLS included. Then a request fails
 * with `CONNECT_TIMEOUT`.
 */
export function connectingTransport(clock: Clock, limitMs: number): Transport {
  return {
    request(target, onResponse) {
      const isTls = target.protocol === 'https:';
      const request = (isTls ? https : http).request(target, onResponse);
      request.once('socket', (socket) => limitConnecting(request, socket, isTls ? 'secureConnect' : 'connect', { clock, limitMs }));
      return request;
    },
  };
}
