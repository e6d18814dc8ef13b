import type { ConnectClient } from './bench-client.js';
import { connectFivebeansClient } from './fivebeans-client.js';
import { connectRawClient } from './raw-client.js';

/** Which client sends the commands. */
export type ClientName = 'raw' | 'fivebeans';

/** One measured combination. */
export interface QueueCase {
  readonly client: ClientName;
  readonly hasLog: boolean;
  /** Per connection. */
  readonly inFlight: number;
  readonly connections: number;
  readonly bodyBytes: number;
}

/** How to connect each client. */
export const connectors: Record<ClientName, ConnectClient> = { raw: connectRawClient, fivebeans: connectFivebeansClient };

const largeBodyBytes = 16 * 1024;

const clients: readonly ClientName[] = ['raw', 'fivebeans'];

/** All measured combinations. */
export const queueCases: readonly QueueCase[] = clients.flatMap((client) =>
  [false, true].flatMap((hasLog) =>
    [1, 100].flatMap((inFlight) =>
      [1, 8].flatMap((connections) => [64, largeBodyBytes].map((bodyBytes) => ({ client, hasLog, inFlight, connections, bodyBytes }))),
    ),
  ),
);

/** Number of jobs in one round: it takes about 100 ms, so that clock resolution and short disturbances do not matter. */
export function jobsOf({ client, inFlight, connections, bodyBytes }: QueueCase): number {
  if (inFlight === 1) return connections === 1 ? 1_500 : 4_000;
  if (bodyBytes === largeBodyBytes) return 3_200;
  return client === 'raw' ? 24_000 : 8_000;
}
