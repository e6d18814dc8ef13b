import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { RateLimitedError, toFailure, toFailureEnvelope } from './failure.js';

/** What a client may hold open. */
export interface SocketLimitOptions {
  /** Connections of the whole process. */
  readonly maxConnections: number;
  /** Requests of one connection that wait for their response. More than one is pipelining, which browsers and proxies do not use. */
  readonly maxPipelined: number;
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
  private readonly pending = new Map<Socket, number>();

  constructor(private readonly options: SocketLimitOptions) {}

  /** Counts a connection until it closes. */
  add(socket: Socket): void {
    if (this.pending.size >= this.options.maxConnections) this.closeOne(socket);
    if (socket.destroyed) return;
    this.pending.set(socket, 0);
    this.waiting.add(socket);
    socket.once('close', () => {
      this.pending.delete(socket);
      this.waiting.delete(socket);
    });
  }

  /** Calls `handler`, unless the connection has too many requests. */
  handle(request: IncomingMessage, response: ServerResponse, handler: Handler): void {
    const { socket } = request;
    const pending = this.pending.get(socket);
    if (pending === undefined) return handler(request, response);
    if (pending > this.options.maxPipelined) return;
    this.pending.set(socket, pending + 1);
    this.waiting.delete(socket);
    response.once('close', () => this.finish(socket));
    if (pending === this.options.maxPipelined) return refuse(response);
    handler(request, response);
  }

  /** Closes the connections that have no request without a response. */
  closeWaiting(): void {
    for (const socket of this.waiting) socket.destroy();
  }

  private finish(socket: Socket): void {
    const pending = this.pending.get(socket);
    if (pending === undefined) return;
    this.pending.set(socket, pending - 1);
    if (pending === 1) this.waiting.add(socket);
  }

  private closeOne(newcomer: Socket): void {
    const [oldest = newcomer] = this.waiting;
    this.pending.delete(oldest);
    this.waiting.delete(oldest);
    oldest.destroy();
  }
}
