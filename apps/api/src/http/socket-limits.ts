import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { RateLimitedError, toFailure, toFailureEnvelope } from './failure.js';

/** What a client may hold open. */
export interface SocketLimitOptions {
  /** Connections of the whole process. */
  readonly maxConnections: number;
  /** Requests of one connection that wait for their response. More than one is pipelining, which browsers and proxies do not use. */
  readonly maxPipelined: number;
  /** Requests of one connection. Its last response closes it. A proxy opens another. */
  readonly maxRequests: number;
}

/** The requests of one connection. */
interface Counts {
  pending: number;
  handled: number;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const RETRY_AFTER_SECONDS = 1;

function refuse(response: ServerResponse): void {
  const failure = toFailure(new RateLimitedError(RETRY_AFTER_SECONDS));
  const body = JSON.stringify(toFailureEnvelope(failure, ''));
  response.writeHead(failure.status, { 'Content-Type': 'application/json; charset=utf-8', Connection: 'close' }).end(body);
}

/**
 * Bounds connections, and requests per connection. A new connection above the limit closes the one that waits longest for a
 * request, so that idle and slow clients do not keep others out. A request above its limit gets 429, and its connection ends.
 */
export class SocketLimits {
  /** Connections without a request, the longest waiting first. */
  private readonly waiting = new Set<Socket>();
  private readonly counts = new Map<Socket, Counts>();

  constructor(private readonly options: SocketLimitOptions) {}

  /** Counts a connection until it closes. */
  add(socket: Socket): void {
    if (this.counts.size >= this.options.maxConnections) this.closeOne(socket);
    if (socket.destroyed) return;
    this.counts.set(socket, { pending: 0, handled: 0 });
    this.waiting.add(socket);
    socket.once('close', () => {
      this.counts.delete(socket);
      this.waiting.delete(socket);
    });
  }

  /** Calls `handler`, unless the connection has too many requests. */
  handle(request: IncomingMessage, response: ServerResponse, handler: Handler): void {
    const { socket } = request;
    const counts = this.counts.get(socket);
    if (!counts) return handler(request, response);
    if (counts.pending > this.options.maxPipelined || counts.handled >= this.options.maxRequests) return;
    counts.pending += 1;
    counts.handled += 1;
    this.waiting.delete(socket);
    response.once('close', () => this.finish(socket));
    if (counts.pending > this.options.maxPipelined) return refuse(response);
    // Node's own limit would leave the connection open.
    if (counts.handled === this.options.maxRequests) response.shouldKeepAlive = false;
    handler(request, response);
  }

  /** Closes the connections that have no request without a response. */
  closeWaiting(): void {
    for (const socket of this.waiting) socket.destroy();
  }

  private finish(socket: Socket): void {
    const counts = this.counts.get(socket);
    if (!counts) return;
    counts.pending -= 1;
    if (counts.pending === 0) this.waiting.add(socket);
  }

  private closeOne(newcomer: Socket): void {
    const [oldest = newcomer] = this.waiting;
    this.counts.delete(oldest);
    this.waiting.delete(oldest);
    oldest.destroy();
  }
}
