import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { SocketLimits, type SocketLimitOptions } from './socket-limits.js';

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describe('S02: the limits of sockets', () => {
  let server: Server;
  const clients: Socket[] = [];
  /** Ends the responses that wait. */
  const pending: (() => void)[] = [];

  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    pending.length = 0;
  });

  async function open(options: SocketLimitOptions): Promise<() => Promise<Socket>> {
    const limits = new SocketLimits(options);
    server = createServer((request, response) => limits.handle(request, response, () => pending.push(() => response.end('ok'))));
    server.on('connection', (socket) => limits.add(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    return async () => {
      const client = connect(port, '127.0.0.1');
      client.on('error', () => {});
      clients.push(client);
      await Promise.all([once(client, 'connect'), once(server, 'connection')]);
      return client;
    };
  }

  const isClosed = (client: Socket) => once(client.resume(), 'close');

  it('close the connection that waits longest when there are too many', async () => {
    const connectClient = await open({ maxConnections: 2, maxPipelined: 4, maxRequests: 1_000 });
    const first = await connectClient();
    const second = await connectClient();
    const third = await connectClient();
    await isClosed(first);
    expect([second.closed, third.closed]).toEqual([false, false]);
  });

  it('keep a connection whose request waits for its response', async () => {
    const connectClient = await open({ maxConnections: 2, maxPipelined: 4, maxRequests: 1_000 });
    const busy = await connectClient();
    busy.write(REQUEST);
    await once(server, 'request');
    const idle = await connectClient();
    await connectClient();
    await isClosed(idle);
    pending[0]?.();
    const [response] = (await once(busy, 'data')) as [Buffer];
    expect(String(response)).toMatch(/^HTTP\/1.1 200/);
  });

  it('refuse a new connection when all others are busy', async () => {
    const connectClient = await open({ maxConnections: 1, maxPipelined: 4, maxRequests: 1_000 });
    const busy = await connectClient();
    busy.write(REQUEST);
    await once(server, 'request');
    await isClosed(await connectClient());
    expect(busy.closed).toBe(false);
  });

  it('allow the first requests of a pipeline, then send 429, then close the connection', async () => {
    const connectClient = await open({ maxConnections: 2, maxPipelined: 3, maxRequests: 1_000 });
    const client = await connectClient();
    let text = '';
    client.on('data', (chunk: Buffer) => (text += String(chunk)));
    client.write(REQUEST.repeat(100));
    await once(server, 'request');
    await new Promise((resolve) => setImmediate(resolve));
    expect(pending).toHaveLength(3);
    for (const end of pending) end();
    await isClosed(client);
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 429']);
  });
});
