import type { Socket } from 'node:net';
import type { TakenReplies } from '../protocol/reply-buffer.js';
import { Session, type SessionOptions } from '../protocol/session.js';

/** Limit for received bytes of a client whose reserve waits. Above it, the socket is not read. */
const maxWaitingBytes = 64 * 1024;

/** Calls of a client socket to its server. */
export interface ClientSocketEvents {
  /** Called before commands are served: the server must pass the current time to the queue. */
  readonly beforeInput: () => void;
  /** This client has replies to send or is finished: the server must call `proceed`, then `flush`. Called once until `proceed`. */
  readonly onReplies: (client: ClientSocket) => void;
  /** Called after commands were served: the server must send the replies of all clients. */
  readonly afterInput: () => void;
  /** The connection is closed and its client is removed from the queue. */
  readonly onClosed: (client: ClientSocket) => void;
}

/** Connects one session to one socket, TCP or unix. Stops reading from a client that does not read its replies. */
export class ClientSocket {
  /** Protocol state of this client. */
  readonly session: Session;
  private isCongested = false;
  private isAnnounced = false;

  /** Listens to `socket` from now on. */
  constructor(
    private readonly socket: Socket,
    options: Omit<SessionOptions, 'onOutput'>,
    private readonly events: ClientSocketEvents,
  ) {
    this.session = new Session({ ...options, onOutput: () => this.announce() });
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('end', () => this.endInput());
    socket.on('drain', () => this.resume());
    socket.on('error', () => this.fail());
    socket.on('close', () => this.closed());
  }

  /** Serves received commands that had to wait for an earlier reserve or for room in the replies. */
  proceed(): void {
    this.isAnnounced = false;
    if (!this.isCongested) this.session.proceed();
  }

  /** Sends all replies in one write and closes a finished connection. Bytes that the kernel takes at once do not count as congestion. */
  flush(): void {
    if (this.socket.destroyed) return;
    const { isOver, replies } = this.session;
    const hasMoreCommands = replies.isFull;
    if (!replies.isEmpty) this.send(replies.take());
    if (isOver) return this.socket.destroySoon();
    this.pauseOrResumeReading();
    if (hasMoreCommands && !this.isCongested) this.continueLater();
  }

  /** Closes the connection at once, without its pending replies. */
  destroy(): void {
    this.socket.destroy();
  }

  private send({ parts, holds }: TakenReplies): void {
    if (parts.length > 1) this.socket.cork();
    const last = parts.length - 1;
    // Also called when the connection is closed before the bytes are sent.
    const onSent = holds.length > 0 ? () => this.session.replies.sent(holds) : undefined;
    parts.forEach((part, index) => this.socket.write(part, 'latin1', index === last ? onSent : undefined));
    if (parts.length > 1) this.socket.uncork();
    this.isCongested = this.socket.writableLength >= this.socket.writableHighWaterMark;
  }

  private receive(chunk: Buffer): void {
    this.events.beforeInput();
    this.session.receive(chunk);
    this.pauseOrResumeReading();
    this.events.afterInput();
  }

  private endInput(): void {
    this.events.beforeInput();
    this.session.endInput();
    this.events.afterInput();
  }

  private announce(): void {
    if (this.isAnnounced) return;
    this.isAnnounced = true;
    this.events.onReplies(this);
  }

  private pauseOrResumeReading(): void {
    if (this.isCongested || this.session.waitingBytes > maxWaitingBytes) this.socket.pause();
    else if (this.socket.isPaused()) this.socket.resume();
  }

  private resume(): void {
    if (!this.isCongested) return;
    this.isCongested = false;
    this.continueLater();
  }

  /** Serves further commands in a later turn of the event loop, so that a fast reader does not block other clients. */
  private continueLater(): void {
    setImmediate(() => {
      this.events.beforeInput();
      this.announce();
      this.events.afterInput();
    });
  }

  /** The client has reset the connection. It leaves the queue before another client's command is served. */
  private fail(): void {
    this.events.beforeInput();
    this.session.leave();
    this.socket.destroy();
    this.events.afterInput();
  }

  private closed(): void {
    this.events.beforeInput();
    this.session.leave();
    const { replies } = this.session;
    replies.sent(replies.take().holds);
    this.events.onClosed(this);
  }
}
