import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { SocketLimits } from './socket-limits.js';

/** How long a connection may take, in milliseconds. */
export interface ServerTimes {
  /** The headers of a request must arrive within this time. */
  readonly headersMs: number;
  /** A whole request must arrive within this time. */
  readonly requestMs: number;
  /** How often both times are checked. */
  readonly checkIntervalMs: number;
  /** A connection without any byte for this time ends. A response may need many vendor calls. */
  readonly idleMs: number;
  /** A connection ends when no request follows within this time. */
  readonly keepAliveMs: number;
}

const serverTimes: ServerTimes = {
  headersMs: 10_000,
  requestMs: 30_000,
  checkIntervalMs: 5_000,
  idleMs: 300_000,
  // Longer than the idle time of usual proxies, so that the proxy ends the connection.
  keepAliveMs: 72_000,
};

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Creates the HTTP server with limits of time, of connections and of requests per connection. */
export function createLimitedServer(handler: Handler, sockets: SocketLimits, times: ServerTimes = serverTimes): Server {
  const handle: Handler = (request, response) => sockets.handle(request, response, handler);
  const server = createServer(
    { headersTimeout: times.headersMs, requestTimeout: times.requestMs, connectionsCheckingInterval: times.checkIntervalMs },
    handle,
  );
  server.keepAliveTimeout = times.keepAliveMs;
  server.setTimeout(times.idleMs);
  server.on('connection', (socket) => sockets.add(socket));
  // Without this listener Node asks for the body before the headers are checked.
  server.on('checkContinue', handle);
  return server;
}
