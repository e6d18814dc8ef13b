import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { SocketLimits } from './socket-limits.js';

/** The headers of a request must arrive within this time. */
const HEADERS_TIMEOUT_MS = 10_000;
/** A whole request must arrive within this time. */
const REQUEST_TIMEOUT_MS = 30_000;
/** How often both times are checked. */
const CHECK_INTERVAL_MS = 5_000;
/** A response may need many vendor calls. */
const IDLE_TIMEOUT_MS = 300_000;
/** Longer than the idle time of usual proxies, so that the proxy ends the connection. */
const KEEP_ALIVE_MS = 72_000;
/** Then the connection ends. A proxy opens another. */
const MAX_REQUESTS_PER_CONNECTION = 10_000;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Creates the HTTP server with limits of time, of connections and of requests per connection. */
export function createLimitedServer(handler: Handler, limits: SocketLimits): Server {
  const handle: Handler = (request, response) => limits.handle(request, response, handler);
  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: CHECK_INTERVAL_MS },
    handle,
  );
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION;
  server.setTimeout(IDLE_TIMEOUT_MS);
  server.on('connection', (socket) => limits.add(socket));
  // Without this listener Node asks for the body before anybody has looked at the headers.
  server.on('checkContinue', handle);
  return server;
}
