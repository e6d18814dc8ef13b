import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findEmbeddedQueueSocket } from '#config';
import { startEmbeddedQueue } from '../../../apps/cli/src/supervisor/embedded-queue.js';

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** Sends a command and returns the first line of the reply. */
async function ask(address: { readonly path: string } | { readonly host: string; readonly port: number }): Promise<string> {
  const socket = createConnection(address);
  socket.write('use default\r\n');
  const [reply] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return reply.toString();
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

describe('S24: the embedded queue', () => {
  let dataDir: string;

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'queue-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  it('listens on a socket that only its user can open, and on no port', async () => {
    const queue = await startEmbeddedQueue({ dataDir, port: undefined });
    const path = join(dataDir, 'queue.sock');
    expect(findEmbeddedQueueSocket(dataDir)).toBe(path);
    expect([modeOf(path), modeOf(join(dataDir, 'queue.address'))]).toEqual(['600', '600']);
    expect(existsSync(join(dataDir, 'queue.port'))).toBe(false);
    expect(await ask({ path })).toBe('USING default\r\n');
    await queue.close();
    expect(findEmbeddedQueueSocket(dataDir)).toBeUndefined();
    expect(existsSync(path)).toBe(false);
  });

  it('also listens on a port of loopback when it is told one', async () => {
    const port = await findFreePort();
    const queue = await startEmbeddedQueue({ dataDir, port });
    expect(readFileSync(join(dataDir, 'queue.port'), 'utf8').trim()).toBe(String(port));
    expect(await ask({ host: '127.0.0.1', port })).toBe('USING default\r\n');
    await queue.close();
    expect(existsSync(join(dataDir, 'queue.port'))).toBe(false);
  });

  it('listens in a private temporary folder when the path under DATA_DIR is too long', async () => {
    const long = join(dataDir, 'x'.repeat(100));
    mkdirSync(long);
    const queue = await startEmbeddedQueue({ dataDir: long, port: undefined });
    const path = findEmbeddedQueueSocket(long) ?? '';
    expect(dirname(dirname(path))).toBe(tmpdir());
    expect([modeOf(path), modeOf(dirname(path))]).toEqual(['600', '700']);
    expect(await ask({ path })).toBe('USING default\r\n');
    await queue.close();
    expect(existsSync(dirname(path))).toBe(false);
  });

  it('refuses a socket on which another server listens, and starts when that one has stopped', async () => {
    const first = await startEmbeddedQueue({ dataDir, port: undefined });
    await expect(startEmbeddedQueue({ dataDir, port: undefined })).rejects.toThrow('in use');
    await first.close();
    const second = await startEmbeddedQueue({ dataDir, port: undefined });
    expect(await ask({ path: join(dataDir, 'queue.sock') })).toBe('USING default\r\n');
    await second.close();
  });
});
