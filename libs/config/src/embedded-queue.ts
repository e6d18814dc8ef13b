import { join } from 'node:path';

/** Where the embedded queue writes the port it listens on, for the other processes that share `dataDir`. */
export const embeddedQueuePortFile = (dataDir: string): string => join(dataDir, 'queue.port');
