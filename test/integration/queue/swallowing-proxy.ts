import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between a client and a server. Told to swallow, it takes what comes, passes nothing on and hangs up on nobody. */
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

  /** Connections that were made since its start. */
  get connectionCount(): number {
    return this.taken;
  }

  swallow(): void {
    this.isSwallowing = true;
  }

  /** For connections made from now on. */
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
