import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** Opens a port on loopback for a moment; 0 is any. Returns its number. Throws when it is in use. */
async function tryPort(port: number): Promise<number> {
  const server = createServer();
  try {
    server.listen({ host: '127.0.0.1', port });
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  } finally {
    server.close();
  }
}

/** Finds a free port on loopback. */
export const findFreePort = (): Promise<number> => tryPort(0);

/** Whether no process listens on the port of loopback, and this process may. */
export async function isFreePort(port: number): Promise<boolean> {
  return tryPort(port).then(
    () => true,
    () => false,
  );
}
