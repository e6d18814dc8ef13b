import { Agent, createServer, type IncomingHttpHeaders, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { systemClock } from '#clock';

const CHECK_EVERY_MS = 200;
/** A busy machine is no reason to take a process out of service. */
const CHECK_WITHIN_MS = 10_000;

/** Valid for one connection only. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding'];

/** A process that a balancer passes requests to. */
interface Backend {
  readonly port: number;
  isReady: boolean;
}

/** The route that shows the backends. */
export const BACKENDS_PATH = '/balancer/backends';

/**
 * A reverse proxy that passes requests to ready backends in turn, and to others when none is ready. It reads `/health/ready` of each
 * five times a second. It repeats a request on another backend only when the first one refused the connection: then it has not
 * received anything.
 */
export class Balancer {
  private readonly agent = new Agent({ keepAlive: true });
  private readonly backends: readonly Backend[];
  private readonly server: Server;
  private readonly stopped = new AbortController();
  private turn = 0;

  constructor(ports: readonly number[]) {
    this.backends = ports.map((port) => ({ port, isReady: false }));
    this.server = createServer((incoming, outgoing) => void this.handle(incoming, outgoing).catch(() => outgoing.destroy()));
  }

  /** Listens on this port of 127.0.0.1 and starts the checks. */
  async listen(port: number): Promise<void> {
    for (const backend of this.backends) void this.checkUntilStopped(backend);
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
  }

  /** Ends the checks and all connections. */
  async close(): Promise<void> {
    this.stopped.abort();
    this.agent.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async checkUntilStopped(backend: Backend): Promise<void> {
    while (!this.stopped.signal.aborted) {
      const signal = AbortSignal.any([this.stopped.signal, AbortSignal.timeout(CHECK_WITHIN_MS)]);
      const response = await fetch(`http://127.0.0.1:${backend.port}/health/ready`, { signal }).catch(() => undefined);
      backend.isReady = response?.status === 200;
      await response?.body?.cancel();
      await systemClock.sleep(CHECK_EVERY_MS, this.stopped.signal).catch(() => {});
    }
  }

  private async handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    if (incoming.url === BACKENDS_PATH) return void outgoing.end(JSON.stringify(this.backends));
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const order = this.chooseOrder();
    for (const backend of order) {
      const result = await this.forward(backend, incoming, Buffer.concat(chunks), outgoing);
      if (result === 'done') return;
      backend.isReady = false;
      if (result === 'failed')
        return void (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end('an API ended the connection'));
    }
    outgoing.writeHead(503).end('every API refused the connection');
  }

  /** The ready backends in turn, then the others: on a busy machine a check may fail for all of them. */
  private chooseOrder(): readonly Backend[] {
    this.turn += 1;
    const start = this.turn % this.backends.length;
    const inTurn = [...this.backends.slice(start), ...this.backends.slice(0, start)];
    return [...inTurn.filter(({ isReady }) => isReady), ...inTurn.filter(({ isReady }) => !isReady)];
  }

  private forward(
    backend: Backend,
    incoming: IncomingMessage,
    body: Buffer,
    outgoing: ServerResponse,
  ): Promise<'done' | 'refused' | 'failed'> {
    return new Promise((resolve) => {
      const { method = 'GET', url = '/' } = incoming;
      const headers = { ...withoutHops(incoming.headers), 'x-forwarded-for': incoming.socket.remoteAddress };
      const sending = request({ agent: this.agent, host: '127.0.0.1', port: backend.port, method, path: url, headers });
      sending.once('response', (response) => {
        outgoing.writeHead(response.statusCode ?? 502, withoutHops(response.headers));
        response.pipe(outgoing);
        response.once('close', () => resolve('done'));
      });
      sending.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED' ? 'refused' : 'failed'));
      sending.end(body);
    });
  }
}

const withoutHops = (headers: IncomingHttpHeaders) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));
