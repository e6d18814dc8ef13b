import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Where the embedded queue writes the port it listens on, for the other processes that share `dataDir`. */
export const embeddedQueuePortFile = (dataDir: string): string => join(dataDir, 'queue.port');

/** The port that stands there, or undefined while none does. Says nothing about whether the queue still listens. */
export function findEmbeddedQueuePort(dataDir: string): number | undefined {
  try {
    const port = Number(readFileSync(embeddedQueuePortFile(dataDir), 'utf8'));
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
  } catch {
    return undefined;
  }
}

/** Differs whenever the file was written; undefined when it cannot be seen. */
function findStamp(file: string): string | undefined {
  try {
    const { ino, mtimeNs, size } = statSync(file, { bigint: true });
    return `${ino} ${mtimeNs} ${size}`;
  } catch {
    return undefined;
  }
}

/** As {@link findEmbeddedQueuePort}, for those who ask often: reads the file only when it was written since. */
export function embeddedQueuePortFinder(dataDir: string): () => number | undefined {
  const file = embeddedQueuePortFile(dataDir);
  let known: { readonly stamp?: string | undefined; readonly port?: number | undefined } = {};
  return () => {
    const stamp = findStamp(file);
    if (known.stamp !== stamp) known = { stamp, port: findEmbeddedQueuePort(dataDir) };
    return known.port;
  };
}
