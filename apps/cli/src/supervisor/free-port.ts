import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** Finds a free port on loopback: the preferred port if it is free, otherwise any. */
export async function findFreePort(preferred?: number): Promise<number> {
  const server = createServer();
  try {
    server.listen({ host: '127.0.0.1', port: preferred ?? 0 });
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  } catch {
    return findFreePort();
  } finally {
    server.close();
  }
}
