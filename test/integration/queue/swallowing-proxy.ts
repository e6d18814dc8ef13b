import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy before a queue server. While it swallows, it reads all data, forwards nothing and closes no connection. */
export class SwallowingProxy {
  private readonly sockets = new Set<Socket>();
  private isSwallowing = false;
  private taken = 0;

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
  ) {
    server.on('connection', (client) => this.join(client));
  }

  static async start(targetPort: number): Promise<SwallowingProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SwallowingProxy(server, targetPort);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The number of connections since its start. */
  get connectionCount(): number {
    return this.taken;
  }

  swallow(): void {
    this.isSwallowing = true;
  }

  /** Forwards again, for new connections only. */
  pass(): void {
    this.isSwallowing = false;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(client: Socket): void {
    this.taken += 1;
    const target = connect(this.targetPort, '127.0.0.1');
    let isLost = false;
    const forward = (from: Socket, to: Socket) => {
      this.sockets.add(from);
      from.on('error', () => from.destroy());
      from.on('close', () => (this.sockets.delete(from), to.destroy()));
      from.on('data', (chunk) => {
        isLost ||= this.isSwallowing;
        if (!isLost) to.write(chunk);
      });
    };
    forward(client, target);
    forward(target, client);
  }
}
