import { readFileSync } from 'node:fs';
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
