import type { Socket } from 'node:net';
import { Session, type SessionOptions } from '../protocol/session.js';

/** While a reserve waits, this much of what its client sends on is kept; then the socket is not read further. */
const maxWaitingBytes = 64 * 1024;

export interface ClientSocketEvents {
  /** Bytes arrived or the input ended; the time must be told to the queue before they are served. */
  readonly beforeInput: () => void;
  /** There is something to send to this client; told once until its turn comes. */
  readonly onResponse: (client: ClientSocket) => void;
  /** Everything that could be served is; now the answers can be sent. */
  readonly afterInput: () => void;
  readonly onClosed: (client: ClientSocket) => void;
}

/** Carries one session over one socket, TCP or unix. */
export class ClientSocket {
  readonly session: Session;
  private isCongested = false;
  private isInLine = false;

  constructor(
    private readonly socket: Socket,
    options: Omit<SessionOptions, 'onOutput'>,
    private readonly events: ClientSocketEvents,
  ) {
    this.session = new Session({ ...options, onOutput: () => this.lineUp() });
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('end', () => this.endInput());
    socket.on('drain', () => this.resume());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.closed());
  }

  /** Serves what a wait or a slow reader held up. */
  proceed(): void {
    this.isInLine = false;
    if (!this.isCongested) this.session.proceed();
  }

  /** Sends every reply there is in one write. What the system took at once does not count as waiting. */
  flush(): void {
    if (this.socket.destroyed) return;
    const { isOver, replies } = this.session;
    const wasCutShort = replies.isFull;
    if (!replies.isEmpty) this.send(replies.take());
    if (isOver) return this.socket.destroySoon();
    this.regulate();
    if (wasCutShort && !this.isCongested) this.serveOnLater();
  }

  destroy(): void {
    this.socket.destroy();
  }

  private send(replies: readonly (string | Buffer)[]): void {
    if (replies.length > 1) this.socket.cork();
    for (const reply of replies) this.socket.write(reply, 'latin1');
    if (replies.length > 1) this.socket.uncork();
    this.isCongested = this.socket.writableLength >= this.socket.writableHighWaterMark;
  }

  private receive(chunk: Buffer): void {
    this.events.beforeInput();
    this.session.receive(chunk);
    this.regulate();
    this.events.afterInput();
  }

  private endInput(): void {
    this.events.beforeInput();
    this.session.endInput();
    this.events.afterInput();
  }

  private lineUp(): void {
    if (this.isInLine) return;
    this.isInLine = true;
    this.events.onResponse(this);
  }

  /** A client that does not read its replies is not read either. */
  private regulate(): void {
    if (this.isCongested || this.session.waitingBytes > maxWaitingBytes) this.socket.pause();
    else if (this.socket.isPaused()) this.socket.resume();
  }

  private resume(): void {
    if (!this.isCongested) return;
    this.isCongested = false;
    this.serveOnLater();
  }

  /** What was held up is served in a later turn of the loop: a client that reads as fast as it is written to is not alone here. */
  private serveOnLater(): void {
    setImmediate(() => {
      this.events.beforeInput();
      this.lineUp();
      this.events.afterInput();
    });
  }

  private closed(): void {
    this.events.beforeInput();
    this.session.abandon();
    this.events.onClosed(this);
  }
}
