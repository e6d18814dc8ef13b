import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Path of the file into which the embedded queue writes its port, for the other processes with the same `dataDir`. */
export const embeddedQueuePortFile = (dataDir: string): string => join(dataDir, 'queue.port');

/** Reads the port from that file; undefined while there is none. The queue may have stopped since. */
export function findEmbeddedQueuePort(dataDir: string): number | undefined {
  try {
    const port = Number(readFileSync(embeddedQueuePortFile(dataDir), 'utf8'));
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
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

/** Returns a {@link findEmbeddedQueuePort} for frequent calls: it reads the file again only after a change. */
export function embeddedQueuePortFinder(dataDir: string): () => number | undefined {
  const file = embeddedQueuePortFile(dataDir);
  let known: { readonly stamp?: string | undefined; readonly port?: number | undefined } = {};
  return () => {
    const stamp = findStamp(file);
    if (known.stamp !== stamp) known = { stamp, port: findEmbeddedQueuePort(dataDir) };
    return known.port;
  };
}
