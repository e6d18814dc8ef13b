import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { createLimitedServer, type ServerTimes } from './http-server.js';
import { SocketLimits } from './socket-limits.js';

const times: ServerTimes = { headersMs: 200, requestMs: 400, checkIntervalMs: 50, idleMs: 10_000, keepAliveMs: 300 };
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n';

describe('S02: the HTTP server', () => {
  /** Sends the texts one after the other, `everyMs` apart; returns everything received until the server closes the connection. */
  async function send(texts: Iterable<string>, everyMs = 0, maxRequests = 1_000): Promise<string> {
    const limits = new SocketLimits({ maxConnections: 10, maxPipelined: 10, maxRequests });
    const server = createLimitedServer((request, response) => request.resume().on('end', () => response.end('ok')), limits, times);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as { port: number }).port, '127.0.0.1');
    let received = '';
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    const closed = once(socket, 'close');
    const rest = texts[Symbol.iterator]();
    const timer = setInterval(() => {
      const next = rest.next();
      if (next.done !== true) socket.write(next.value);
    }, everyMs);
    await closed;
    clearInterval(timer);
    await new Promise((resolve) => server.close(resolve));
    return received;
  }

  function* repeat(text: string): Generator<string> {
    for (;;) yield text;
  }

  function* startWith(first: string, then: string): Generator<string> {
    yield first;
    yield* repeat(then);
  }

  const statusesOf = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));

  it('ends a request whose headers arrive byte by byte', async () => {
    expect(statusesOf(await send(startWith('GET / HTTP/1.1\r\n', 'X'), 20))).toEqual([408]);
  });

  it('ends a request whose body arrives byte by byte', async () => {
    expect(statusesOf(await send(startWith(POST, 'x'), 20))).toEqual([408]);
  });

  it('ends a connection that sends nothing more', async () => {
    expect(statusesOf(await send([GET]))).toEqual([200]);
  });

  it('ends a connection after its last request', async () => {
    expect(statusesOf(await send(repeat(GET), 10, 3))).toEqual([200, 200, 200]);
    expect(statusesOf(await send([GET.repeat(8)], 10, 3))).toEqual([200, 200, 200]);
  });
});
