import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const PREFIX = 'unix:';

/** Path of the file into which the embedded queue writes its address, for the other processes with the same `dataDir`. */
export const embeddedQueueAddressFile = (dataDir: string): string => join(dataDir, 'queue.address');

/** Path of the file with the port, which the embedded queue also opens with EMBEDDED_QUEUE_PORT. */
export const embeddedQueuePortFile = (dataDir: string): string => join(dataDir, 'queue.port');

/** The text of the address of a Unix socket. */
export const toQueueAddress = (socketPath: string): string => PREFIX + socketPath;

/** Reads the path of the Unix socket; undefined while there is none. The queue may have stopped since. */
export function findEmbeddedQueueSocket(dataDir: string): string | undefined {
  try {
    const address = readFileSync(embeddedQueueAddressFile(dataDir), 'utf8').trim();
    return address.startsWith(`${PREFIX}/`) ? address.slice(PREFIX.length) : undefined;
  } catch {
    return undefined;
  }
}

/** Changes whenever the file is written; undefined when the file cannot be read. */
function findStamp(file: string): string | undefined {
  try {
    const { ino, mtimeNs, size } = statSync(file, { bigint: true });
    return `${ino} ${mtimeNs} ${size}`;
  } catch {
    return undefined;
  }
}

/** Returns a {@link findEmbeddedQueueSocket} for frequent calls: it reads the file again only after a change. */
export function embeddedQueueSocketFinder(dataDir: string): () => string | undefined {
  const file = embeddedQueueAddressFile(dataDir);
  let known: { readonly stamp?: string | undefined; readonly path?: string | undefined } = {};
  return () => {
    const stamp = findStamp(file);
    if (known.stamp !== stamp) known = { stamp, path: findEmbeddedQueueSocket(dataDir) };
    return known.path;
  };
}
