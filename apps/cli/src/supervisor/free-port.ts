import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import type { Clock } from '#domain';
import { TransientError } from '#domain';

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

async function canConnect(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Waits until a process listens on a loopback port. Throws TransientError after `withinMs`. */
export async function waitForPort(clock: Clock, port: number, withinMs: number): Promise<void> {
  const giveUpAt = clock.nowMs() + withinMs;
  while (!(await canConnect(port))) {
    if (clock.nowMs() > giveUpAt) throw new TransientError(`no process listens on port ${port}`, { code: 'not_listening' });
    await clock.sleep(30);
  }
}
