import { connect, type Socket } from 'node:net';

const RESPONSE_WITHIN_MS = 240_000;

/** Bytes on a socket, as no well-behaved client sends them. */
export class RawClient {
  private text = '';
  private isClosed = false;
  private readonly waiters = new Set<() => void>();

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('latin1');
      this.wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      this.wake();
    });
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new RawClient(socket);
  }

  /** Whether the connection is closed. */
  get isEnded(): boolean {
    return this.isClosed;
  }

  /** Everything received so far. */
  get received(): string {
    return this.text;
  }

  /** The status of each response so far, `100 Continue` included. */
  get statuses(): number[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  }

  send(data: string | Buffer): this {
    if (!this.isClosed) this.socket.write(data);
    return this;
  }

  /** Waits for the first status. Throws when the connection ends without one. */
  async status(): Promise<number> {
    await this.until(() => this.statuses.length > 0);
    const [status] = this.statuses;
    if (status === undefined) throw new Error(`the connection ended without a response: ${this.text}`);
    return status;
  }

  /** Waits until the other side closes the connection. */
  async end(): Promise<void> {
    await this.until(() => this.isClosed);
  }

  close(): void {
    this.socket.destroy();
  }

  private async until(isTrue: () => boolean): Promise<void> {
    const late = setTimeout(() => this.socket.destroy(), RESPONSE_WITHIN_MS);
    while (!isTrue() && !this.isClosed) await new Promise<void>((resolve) => this.waiters.add(resolve));
    clearTimeout(late);
  }

  private wake(): void {
    for (const waiter of this.waiters) waiter();
    this.waiters.clear();
  }
}
