import { createHash } from 'node:crypto';

/** Where a beanstalkd server listens. */
export type Endpoint = { readonly host: string; readonly port: number } | { readonly path: string };

/** The name of a server in logs and answers; the same for the same server. */
export const describeEndpoint = (endpoint: Endpoint): string => ('path' in endpoint ? endpoint.path : `${endpoint.host}:${endpoint.port}`);

const weightOf = (endpoint: Endpoint, key: string) =>
  createHash('sha256')
    .update(`${describeEndpoint(endpoint)}\n${key}`)
    .digest('hex');

/**
 * Servers for a key, the best first (rendezvous hashing): every process agrees, and a server that leaves or joins moves
 * only the keys that are its own.
 */
export const rankEndpoints = (endpoints: readonly Endpoint[], key: string): Endpoint[] =>
  endpoints
    .map((endpoint) => ({ endpoint, weight: weightOf(endpoint, key) }))
    .sort((a, b) => (a.weight < b.weight ? 1 : -1))
    .map(({ endpoint }) => endpoint);
