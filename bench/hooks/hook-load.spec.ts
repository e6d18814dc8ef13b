import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { sendAtRate } from './hook-load.js';

describe('the load of hooks', () => {
  let server: Server;

  afterEach(() => {
    server.close();
  });

  it('goes on over new connections when the server closes those that are idle', async () => {
    server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { latenciesMs } = await sendAtRate({ port, path: '/webhook/token' }, 1, 200, 1_000);
    expect(latenciesMs).toHaveLength(200);
  }, 20_000);
});
