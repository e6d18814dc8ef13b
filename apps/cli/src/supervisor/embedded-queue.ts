import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type BeanstalkServer, startBeanstalkServer } from '#beanstalkd';
import { embeddedQueueAddressFile, embeddedQueuePortFile, toQueueAddress } from '#config/embedded-queue';

/** The kernel's limit is 107 bytes on Linux and 103 on macOS. */
const MAX_SOCKET_PATH_BYTES = 100;
const OWNER_ONLY = 0o600;

/** Where the embedded queue keeps its files, and the port that it also opens on loopback. */
export interface EmbeddedQueueOptions {
  readonly dataDir: string;
  readonly port: number | undefined;
}

/** A path under `dataDir`, or in a private temporary folder when that one is too long for a socket. */
function chooseSocketPath(dataDir: string): { readonly path: string; readonly isTemporary: boolean } {
  const path = join(dataDir, 'queue.sock');
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return { path, isTemporary: false };
  return { path: join(mkdtempSync(join(tmpdir(), 'sync-queue-')), 'queue.sock'), isTemporary: true };
}

function writeFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, `${text}\n`, { mode: OWNER_ONLY });
  renameSync(`${file}.new`, file);
}

/**
 * Starts the embedded queue on a Unix socket that only this user can open (0600), and writes its address into DATA_DIR. Every
 * put is synced. `close` stops it and removes the files that name it.
 */
export async function startEmbeddedQueue({ dataDir, port }: EmbeddedQueueOptions): Promise<Pick<BeanstalkServer, 'close'>> {
  const folder = resolve(dataDir);
  const binlogDir = join(folder, 'queue');
  mkdirSync(binlogDir, { recursive: true, mode: 0o700 });
  const { path, isTemporary } = chooseSocketPath(folder);
  const files = [embeddedQueueAddressFile(folder), embeddedQueuePortFile(folder)] as const;
  const onWarning = (message: string) => process.stderr.write(`queue: ${message}\n`);
  const alsoListen = port === undefined ? undefined : { host: '127.0.0.1', port };
  const server = await startBeanstalkServer({ listen: { path }, alsoListen, binlogDir, fsyncMs: 0, onWarning });
  chmodSync(path, OWNER_ONLY);
  writeFile(files[0], toQueueAddress(path));
  if (port === undefined) rmSync(files[1], { force: true });
  else writeFile(files[1], String(port));
  const close = async () => {
    for (const file of files) rmSync(file, { force: true });
    await server.close();
    if (isTemporary) rmSync(dirname(path), { recursive: true, force: true });
  };
  return { close };
}
