import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '#domain';

/** What axios calls instead of node's own `request`. */
export interface Transport {
  request(target: RequestOptions, onResponse: (answer: IncomingMessage) => void): ClientRequest;
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

/** Node's HTTP and HTTPS, except that a request whose connection (with TLS) is not up after `limitMs` fails with `CONNECT_TIMEOUT`. */
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
